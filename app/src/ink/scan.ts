/**
 * What the pen wrote, as the scan of a sheet: characters look to the network as those of its training do.
 *
 * Writers of the embedded corpus write with a pen of about a twentieth of the square that they write into (see
 * `pipeline/synthesis/hands/writers.py`). Who writes small on the page still gets a pen that fits, down to `LEAST_EXTENT`: a dot, or
 * the stroke of 一, is drawn as what it is in a character of common size.
 */
import { hull } from "./bounds.ts";
import { type Stroke, extentOf } from "./canvas.ts";
import { type Grey, invert } from "./grey.ts";
import { UNITS, rasterise } from "./raster.ts";

const EM = 96; // pixels of the scan that a character takes
const PEN = 4.9; // pixels
const EDGE = 4; // pixels of paper around the ink
const LEAST_EXTENT = 0.4; // of the sheet's side, a smaller character is taken for a part of one

/**
 * Scans strokes.
 *
 * @param strokes at least one, in units of which the sheet has `side` along its shorter edge.
 */
export function scanStrokes(strokes: readonly Stroke[], side: number): Grey {
  const { left, top, right, bottom } = hull(strokes.map(extentOf));
  const [width, height] = [right - left, bottom - top];
  const scale = EM / Math.max(width, height, LEAST_EXTENT * side);
  const margin = PEN / 2 + EDGE;
  const fixed = strokes.map((stroke) =>
    Int32Array.from(stroke, (value, i) => Math.round(((value - (i % 2 ? top : left)) * scale + margin) * UNITS)),
  );
  const fit = (extent: number): number => Math.ceil(extent * scale + 2 * margin);
  return invert(rasterise(fixed, fit(width), fit(height), PEN));
}
