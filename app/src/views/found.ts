/** What a recogniser has found in ink or in a picture. */
import type { Detection, FormulaInk, FormulaReading } from "../engine/protocol.ts";
import { readingOrder } from "../reading.ts";
import { places, segment } from "../segments.ts";

export interface Found {
  readonly ink: FormulaInk;
  readonly reading: FormulaReading;
}

/** The symbols with at least a confidence, in reading order; in ink only boxes that strokes were assigned to count. */
export function symbolsOf({ ink, reading: { detections, placement } }: Found, least: number): Detection[] {
  const all = places(detections);
  const symbols =
    "strokes" in ink && placement
      ? segment(ink.strokes, placement, all, least)
      : all.filter(({ score }) => score >= least);
  return readingOrder(symbols);
}
