/** What a recogniser has found in ink or in a picture. */
import type { Detection, FormulaInk, FormulaReading, FoundFormula } from "../engine/protocol.ts";
import type { Placement } from "../ink/canvas.ts";
import { readingOrder } from "../reading.ts";
import { places, segment } from "../segments.ts";

export interface Found {
  readonly ink: FormulaInk;
  readonly reading: FormulaReading;
}

/** The symbols of a formula, in reading order, and where the detector's canvas lies on the subject. */
export interface FormulaSymbols {
  readonly symbols: readonly Detection[];
  readonly placement: Placement;
}

/** The formulas with symbols; see `symbolsOf`. */
export function formulasOf({ ink, reading }: Found, least: number): FormulaSymbols[] {
  const formulas = reading.formulas.map((formula) => ({
    symbols: symbolsOf(ink, formula, least),
    placement: formula.placement,
  }));
  return formulas.filter(({ symbols }) => symbols.length);
}

/** The symbols with at least a confidence, in reading order; in ink only boxes that strokes were assigned to count. */
function symbolsOf(ink: FormulaInk, { detections, placement }: FoundFormula, least: number): Detection[] {
  const all = places(detections);
  const symbols =
    "strokes" in ink ? segment(ink.strokes, placement, all, least) : all.filter(({ score }) => score >= least);
  return readingOrder(symbols);
}
