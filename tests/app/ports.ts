/** Calls the page's ports of `pipeline` under Node: one JSON request a line, one JSON answer a line. */
import { createInterface } from "node:readline";

import { flatten } from "../../app/src/engine/flatten.ts";
import type { Bounds } from "../../app/src/ink/bounds.ts";
import { drawInk } from "../../app/src/ink/canvas.ts";
import { fitPhoto } from "../../app/src/ink/develop.ts";
import type { Grey } from "../../app/src/ink/grey.ts";
import { groundLevel, inkIsDark } from "../../app/src/ink/ground.ts";
import { medianBlur } from "../../app/src/ink/median.ts";
import { normalise } from "../../app/src/ink/normalise.ts";
import { findBlocks, groupParts, inReadingOrder, placeBlock } from "../../app/src/ink/page.ts";
import { toSource } from "../../app/src/ink/placement.ts";
import { rasterise } from "../../app/src/ink/raster.ts";
import { scanStrokes } from "../../app/src/ink/scan.ts";
import { findSheet } from "../../app/src/ink/sheet.ts";
import { turnUpright } from "../../app/src/ink/skew.ts";
import { dilate, erode } from "../../app/src/ink/windows.ts";
import { readingOrder } from "../../app/src/reading.ts";
import { findOwners, places } from "../../app/src/segments.ts";
import { parse } from "../../app/src/structure/parsing.ts";
import { latex, mathml } from "../../app/src/structure/writing.ts";
import { sign } from "../../app/src/symbols.ts";

interface Packed {
  width: number;
  height: number;
  pixels: string; // base64
}

const unpack = ({ width, height, pixels }: Packed): Grey => ({
  width,
  height,
  pixels: Buffer.from(pixels, "base64"),
});
const pack = (image: Grey | null): Packed | null =>
  image && { ...image, pixels: Buffer.from(image.pixels).toString("base64") };

const calls: Record<string, (...args: any[]) => unknown> = {
  normalise: (scan: Packed) => pack(normalise(unpack(scan))),
  rasterise: (strokes, width, height, pen) => pack(rasterise(strokes, width, height, pen)),
  drawInk: (strokes, frame) => {
    const { image, placement } = drawInk(strokes, frame);
    return { image: pack(image), placement };
  },
  fitPhoto: (photo: Packed, frame) => {
    const picture = fitPhoto(unpack(photo), frame);
    return picture && { image: pack(picture.image), placement: picture.placement };
  },
  findBlocks: (photo: Packed, frame, boxes) =>
    inReadingOrder(findBlocks(unpack(photo))).map((block) => {
      const { image, placement } = placeBlock(block, frame);
      return { image: pack(image), boxes: boxes.map((box: Bounds) => toSource(box, placement)) };
    }),
  groupParts: (boxes, unit) => groupParts(boxes, unit),
  turnUpright: (image: Packed, slope: number) => {
    const { image: upright, turn } = turnUpright(unpack(image), slope);
    return { image: pack(upright), turn };
  },
  flatten: (image: Packed, alpha: Packed) => pack(flatten(unpack(image), unpack(alpha).pixels)),
  medianBlur: (image: Packed, side: number) => pack(medianBlur(unpack(image), side)),
  dilate: (image: Packed, side: number) => pack(dilate(unpack(image), side)),
  erode: (image: Packed, side: number) => pack(erode(unpack(image), side)),
  inkIsDark: (image: Packed) => inkIsDark(unpack(image)),
  groundLevel: (image: Packed) => pack(groundLevel(unpack(image))),
  findSheet: (photo: Packed) => {
    const { image, left, top } = findSheet(unpack(photo));
    return { image: pack(image), left, top };
  },
  scanStrokes: (strokes, side) => pack(scanStrokes(strokes, side)),
  readingOrder: (boxes) => readingOrder(boxes),
  places: (detections) => places(detections),
  findOwners: (strokes, boxes) => findOwners(strokes, boxes),
  sign: (symbol) => sign(symbol),
  write: (labels, boxes) => {
    const tree = parse(labels, boxes);
    return { latex: latex(tree), mathml: mathml(tree) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, args } = JSON.parse(line);
  console.log(JSON.stringify(calls[call]!(...args)));
}
