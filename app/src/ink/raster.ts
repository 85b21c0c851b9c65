/**
 * OpenCV's thick lines in integers, to the bit: what `cv2.polylines(..., LINE_8, shift=4)` and an area-averaging
 * reduction give in `pipeline/ink/canvas.py`.
 *
 * Source: OpenCV, modules/imgproc/src/drawing.cpp: ThickLine, FillConvexPoly, Line2, Circle. Lines are not clipped before
 * they are drawn, which may differ by a sub-pixel where the pen leaves the canvas; with the canvas' margin of 4 pixels
 * it cannot, up to a pen of 8 pixels.
 */
import { type Grey, blank } from "./grey.ts";

export const UNITS = 16; // fixed-point units a pixel
const OVERSAMPLING = 4; // sub-pixels that the pen is drawn on, a pixel and axis
const ONE = 1 << 16; // OpenCV's own fixed point, of a sub-pixel
const HALF = ONE / 2;

/** x0, y0, x1, y1, … in fixed point; a stroke of one point is a disc. */
export type FixedStroke = ArrayLike<number>;

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws strokes with a round pen, `pen` pixels wide: one at least.
 *
 * @returns 255 = ink: the share of a pixel's 16 sub-pixels that the pen covers.
 */
export function rasterise(strokes: readonly FixedStroke[], width: number, height: number, pen: number): Grey {
  const fine = blank(width * OVERSAMPLING, height * OVERSAMPLING);
  const thickness = Math.floor(pen * OVERSAMPLING + 0.5);
  for (const stroke of strokes) {
    const points = Array.from({ length: stroke.length / 2 }, (_, i) => ({
      x: subPixel(stroke[2 * i]!),
      y: subPixel(stroke[2 * i + 1]!),
    }));
    drawPolyline(fine, points, thickness);
  }
  return reduce(fine, width, height);
}

/** From fixed-point pixels to OpenCV's coordinates, which are those of sub-pixels' centres. */
function subPixel(value: number): number {
  return (value * OVERSAMPLING - UNITS / 2) * (ONE / UNITS);
}

function drawPolyline(image: Grey, points: readonly Point[], thickness: number): void {
  const start = points[0]!;
  const rest = points.length > 1 ? points.slice(1) : [start];
  drawEnd(image, start, thickness);
  let from = start;
  for (const to of rest) {
    drawSegment(image, from, to, thickness);
    from = to;
  }
}

function drawSegment(image: Grey, from: Point, to: Point, thickness: number): void {
  const dx = (from.x - to.x) / ONE;
  const dy = (to.y - from.y) / ONE;
  const squared = dx * dx + dy * dy;
  if (squared > Number.EPSILON) {
    const reach = (thickness * HALF + (thickness % 2) * HALF) / Math.sqrt(squared);
    const x = roundHalfEven(dy * reach);
    const y = roundHalfEven(dx * reach);
    fillQuadrangle(image, [
      { x: from.x + x, y: from.y + y },
      { x: from.x - x, y: from.y - y },
      { x: to.x - x, y: to.y - y },
      { x: to.x + x, y: to.y + y },
    ]);
  }
  drawEnd(image, to, thickness);
}

/** A disc. */
function drawEnd(image: Grey, { x, y }: Point, thickness: number): void {
  const [column, row] = [wholes(x), wholes(y)];
  const radius = (thickness + 1) >> 1;
  // Bresenham's circle, a pair of rows at a time.
  let [dx, dy, error, plus, minus] = [radius, 0, 0, 1, 2 * radius - 1];
  while (dx >= dy) {
    for (const side of [-1, 1]) {
      fillRow(image, row + side * dy, column - dx, column + dx);
      fillRow(image, row + side * dx, column - dy, column + dy);
    }
    dy += 1;
    error += plus;
    plus += 2;
    if (error > 0) {
      error -= minus;
      dx -= 1;
      minus -= 2;
    }
  }
}

interface Edge {
  index: number; // of the corner it starts from, then of the one it leads to
  readonly step: number;
  x: number;
  slope: number; // of x, a row
  end: number; // row
}

function fillQuadrangle(image: Grey, corners: readonly Point[]): void {
  const count = corners.length;
  corners.forEach((corner, i) => drawSide(image, corners[(i + count - 1) % count]!, corner));
  const rows = corners.map(({ y }) => wholes(y));
  const bottom = Math.min(Math.max(...rows), image.height);
  let highest = 0;
  corners.forEach(({ y }, i) => {
    if (y < corners[highest]!.y) highest = i;
  });
  const top = rows[highest]!;
  const edges = [1, count - 1].map((step): Edge => ({ index: highest, step, x: -ONE, slope: 0, end: top }));
  let left = count; // edges that have not been followed yet
  for (let y = top; y < bottom; y++) {
    for (const edge of edges) {
      if (y < edge.end) continue;
      let start = edge.index;
      let next = (start + edge.step) % count;
      while (left-- > 0) {
        if (rows[next]! > y) {
          const height = rows[next]! - y;
          edge.end = rows[next]!;
          edge.slope = Math.trunc(((corners[next]!.x - corners[start]!.x) * 2 + height) / (2 * height));
          edge.x = corners[start]!.x;
          edge.index = next;
          break;
        }
        start = next;
        next = (next + edge.step) % count;
      }
    }
    const [one, other] = edges.map((edge) => wholes(edge.x));
    fillRow(image, y, Math.min(one!, other!), Math.max(one!, other!));
    for (const edge of edges) edge.x += edge.slope;
  }
}

/** The outline that OpenCV draws around what it fills. */
function drawSide(image: Grey, from: Point, to: Point): void {
  const across = Math.abs(to.x - from.x) > Math.abs(to.y - from.y);
  const forwards = across ? to.x >= from.x : to.y >= from.y;
  const [start, end] = forwards ? [from, to] : [to, from];
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  put(image, wholes(end.x), wholes(end.y));
  if (across) {
    const slope = Math.trunc((dy * ONE) / (dx | 1));
    const column = wholes(start.x);
    for (let i = 0; i <= dx >> 16; i++) put(image, column + i, (start.y + HALF + i * slope) >> 16);
  } else {
    const slope = Math.trunc((dx * ONE) / (dy | 1));
    const row = wholes(start.y);
    for (let i = 0; i <= dy >> 16; i++) put(image, (start.x + HALF + i * slope) >> 16, row + i);
  }
}

/** The sub-pixel that a coordinate is nearest to. */
function wholes(value: number): number {
  return (value + HALF) >> 16;
}

function put(image: Grey, x: number, y: number): void {
  if (x >= 0 && x < image.width && y >= 0 && y < image.height) image.pixels[y * image.width + x] = 255;
}

/** Both ends are filled too. */
function fillRow(image: Grey, y: number, left: number, right: number): void {
  if (y < 0 || y >= image.height || right < 0 || left >= image.width) return;
  const start = y * image.width;
  image.pixels.fill(255, start + Math.max(left, 0), start + Math.min(right, image.width - 1) + 1);
}

/** The mean of each square of sub-pixels. */
function reduce(fine: Grey, width: number, height: number): Grey {
  const image = blank(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let row = 0; row < OVERSAMPLING; row++) {
        const start = (y * OVERSAMPLING + row) * fine.width + x * OVERSAMPLING;
        for (let i = 0; i < OVERSAMPLING; i++) sum += fine.pixels[start + i]!;
      }
      image.pixels[y * width + x] = roundHalfEven(sum / OVERSAMPLING ** 2);
    }
  }
  return image;
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
