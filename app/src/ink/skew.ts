/** `pipeline/ink/skew.py` in TypeScript: the slope of the lines of writing, and ink turned upright. */
import { type InkParts, longSide, typicalSize } from "./develop.ts";
import { type Grey, blank } from "./grey.ts";
import { shrink } from "./ground.ts";
import { ONE, type Turn } from "./placement.ts";

const SIDE = 512; // pixels of the longer side after reducing
const UNITS = 1024; // slopes are tangents in 1 / UNITS
const [STEP, STEPS] = [9, 53]; // slopes are tried every half degree up to 25 degrees
const DEAD = 3; // steps; a smaller slope counts as upright
const FEWEST = 4; // parts that show a slope
const LONG = 2; // a part longer than `LONG` typical ones shows no slope
const [GAIN, EVIDENCE] = [20, 240]; // percent by which the sum of squares must grow: GAIN, and EVIDENCE / number of parts

/** The slope of the lines of writing, positive if they rise to the right; 0 without enough evidence. */
export function findSlope(parts: InkParts, { width, height }: Grey): number {
  const most = LONG * typicalSize(parts);
  const shown = new Set(parts.numbers.filter((_, i) => longSide(parts.boxes[i]!) <= most));
  const count = shown.size;
  if (count < FEWEST) return 0;
  const pixels = Uint8Array.from(parts.labels, (label) => (shown.has(label) ? 255 : 0));
  const small = shrink({ width, height, pixels }, SIDE);
  const sums = Array.from({ length: 2 * STEPS + 1 }, (_, i) => sumOfSquares(small, STEP * (i - STEPS)));
  const best = sums.reduce((most, sum) => Math.max(most, sum));
  const step = sums.indexOf(best) - STEPS;
  const upright = sums[STEPS]!;
  if (Math.abs(step) < DEAD) return 0;
  const enough = (best - upright) * (100 * count) >= upright * Math.max(GAIN * count, EVIDENCE);
  return enough ? STEP * step : 0;
}

/** The sum of the squares of the ink per row along a slope. */
function sumOfSquares({ width, height, pixels }: Grey, slope: number): number {
  const lead = Math.ceil((Math.abs(slope) * width) / UNITS);
  const counts = new Float64Array(height + 2 * lead + 1);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (pixels[at]) counts[lead + ((y * UNITS + x * slope) >> 10)]! += pixels[at]!;
    }
  }
  return counts.reduce((sum, count) => sum + count * count, 0);
}

/** Turns a picture so that lines of this slope become level; fills its corners with 0. */
export function turnUpright(image: Grey, slope: number): { image: Grey; turn: Turn } {
  const length = Math.sqrt(UNITS * UNITS + slope * slope);
  const cosine = Math.floor((ONE * UNITS) / length + 0.5);
  const sine = Math.floor((ONE * slope) / length + 0.5);
  const { width, height } = image;
  const across = [0, width * cosine, -height * sine, width * cosine - height * sine];
  const down = [0, width * sine, height * cosine, width * sine + height * cosine];
  const [left, top] = [Math.floor(Math.min(...across) / ONE), Math.floor(Math.min(...down) / ONE)];
  const [right, bottom] = [Math.ceil(Math.max(...across) / ONE), Math.ceil(Math.max(...down) / ONE)];
  const turned = blank(right - left, bottom - top);
  for (let row = 0, at = 0; row < turned.height; row++) {
    const v = 2 * (top + row) + 1; // middles of pixels, doubled
    for (let column = 0; column < turned.width; column++, at++) {
      const u = 2 * (left + column) + 1;
      turned.pixels[at] = sample(image, (u * cosine + v * sine - ONE) >> 1, (v * cosine - u * sine - ONE) >> 1);
    }
  }
  return { image: turned, turn: { cosine, sine, left, top } };
}

/** The value between the four pixels around a place, in `ONE`; 0 beyond the picture. */
function sample({ width, height, pixels }: Grey, placeX: number, placeY: number): number {
  const [x, y] = [placeX >> 16, placeY >> 16];
  if (x < -1 || y < -1 || x >= width || y >= height) return 0;
  const [shareX, shareY] = [(placeX >> 8) & 255, (placeY >> 8) & 255];
  const value = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height ? 0 : pixels[row * width + column]!;
  const upper = value(x, y) * (256 - shareX) + value(x + 1, y) * shareX;
  const lower = value(x, y + 1) * (256 - shareX) + value(x + 1, y + 1) * shareX;
  return (upper * (256 - shareY) + lower * shareY + ONE / 2) >> 16;
}
