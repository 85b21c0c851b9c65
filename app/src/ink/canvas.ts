/** `pipeline/ink/canvas.py` in TypeScript: the same ink gives the same canvas, pixel by pixel. */
import { type Bounds, hull } from "./bounds.ts";
import type { Grey } from "./grey.ts";
import type { TurnedPage } from "./placement.ts";
import { type FixedStroke, UNITS, rasterise } from "./raster.ts";

export const MARGIN = 4; // pixels of black that are kept around the ink
const MIN_EXTENT = 1e-6; // shorter is no extent: a dot, in whatever unit the ink is

/** x0, y0, x1, y1, … of the pen; at least one point. */
export type Stroke = ArrayLike<number>;

/** Size of the canvas and of what is drawn on it, in pixels. */
export interface Frame {
  readonly height: number;
  readonly width: number;
  readonly symbol: number;
  readonly pen: number;
}

/**
 * Where on the canvas ink or a photograph lies: canvas = (source - origin) * scale + offset. If the page was turned
 * upright, the source is that page.
 */
export interface Placement {
  readonly originX: number;
  readonly originY: number;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly offsetX: number;
  readonly offsetY: number;
  readonly page?: TurnedPage; // none for ink, or if the photograph is upright
}

export interface Picture {
  readonly image: Grey; // 255 = ink
  readonly placement: Placement;
}

/** Draws strokes (at least one), scaled and centred. */
export function drawInk(strokes: readonly Stroke[], frame: Frame): Picture {
  const placement = place(strokes, frame);
  const fixed = strokes.map((stroke) => toFixed(stroke, placement));
  return { image: rasterise(fixed, frame.width, frame.height, frame.pen), placement };
}

/** Pixels a unit for ink of `width` x `height` units whose parts have the long sides `sizes` (at least one). */
export function fittingScale(width: number, height: number, sizes: readonly number[], frame: Frame): number {
  const ascending = [...sizes].sort((a, b) => a - b);
  const typical = ascending[Math.floor((3 * sizes.length + 3) / 4) - 1]!; // 75th percentile, nearest rank
  const wanted: [room: number, extent: number][] = [
    [frame.width - 2 * MARGIN, width],
    [frame.height - 2 * MARGIN, height],
    [frame.symbol, typical],
  ];
  const scales = wanted.filter(([, extent]) => extent > MIN_EXTENT).map(([room, extent]) => room / extent);
  return scales.length ? Math.min(...scales) : 1;
}

function place(strokes: readonly Stroke[], frame: Frame): Placement {
  const boxes = strokes.map(extentOf);
  const { left, top, right, bottom } = hull(boxes);
  const [width, height] = [right - left, bottom - top];
  const sizes = boxes.map((box) => Math.max(box.right - box.left, box.bottom - box.top));
  const scale = fittingScale(width, height, sizes, frame);
  return {
    originX: left,
    originY: top,
    scaleX: scale,
    scaleY: scale,
    offsetX: (frame.width - width * scale) / 2,
    offsetY: (frame.height - height * scale) / 2,
  };
}

function toFixed(stroke: Stroke, placement: Placement): FixedStroke {
  const fix = (value: number, origin: number, scale: number, offset: number): number =>
    Math.floor(((value - origin) * scale + offset) * UNITS + 0.5);
  return Int32Array.from(stroke, (value, i) =>
    i % 2
      ? fix(value, placement.originY, placement.scaleY, placement.offsetY)
      : fix(value, placement.originX, placement.scaleX, placement.offsetX),
  );
}

/** The box around a stroke's points. */
export function extentOf(stroke: Stroke): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < stroke.length; i += 2) {
    left = Math.min(left, stroke[i]!);
    right = Math.max(right, stroke[i]!);
    top = Math.min(top, stroke[i + 1]!);
    bottom = Math.max(bottom, stroke[i + 1]!);
  }
  return { left, top, right, bottom };
}
