/** `pipeline/ink/sheet.py` in TypeScript: the sheet of paper in a photo of it on a dark desk; see there for the rules. */
import { type Grey, crop } from "./grey.ts";
import { shrink } from "./ground.ts";
import { findParts } from "./parts.ts";
import { histogram, otsu } from "./threshold.ts";

const SIDE = 256; // pixels that the longer side is reduced to; lengths below are in pixels of the reduced picture
const UNITS = 64; // fixed-point units per pixel
const MIN_SIDE = 16; // of a picture that may show a sheet
const INSET = 2; // that the outline shrinks by
const EDGE = 2; // distance from the edge at which desk and sheet are compared
// Shares are in percent.
const MIN_AREA = 15; // of the picture, that the sheet covers
const MIN_FILL = 96; // of its convex outline, that the sheet fills with all that it encloses
const MIN_BLANK = 65; // of its outline, that is bright
const MAX_STRAY = 5; // of the sheet's area, that is bright elsewhere
const MIN_DARK = 80; // of one side of the picture, that the desk covers
const MAX_DESK = 50; // of the sheet's brightness, that the desk has
const MIN_SHARP = 75; // of the edge, where the desk is that dark within `EDGE`
const INK = 75; // of the sheet's brightness, that ink on it has at most
const STRIP = 3; // a sheet that is longer than `STRIP` times its width shows ink

export interface Sheet {
  readonly image: Grey;
  readonly left: number; // of its first pixel in the picture
  readonly top: number;
}

/** In the row `top + i`, the part or outline covers the pixels from `begin[i]` to `end[i]`. */
interface Rows {
  readonly top: number;
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/** Leaves out the desk; the picture itself if there is none. */
export function findSheet(grey: Grey): Sheet {
  const whole = { image: grey, left: 0, top: 0 };
  const small = shrink(grey, SIDE);
  if (Math.min(small.width, small.height) < MIN_SIDE) return whole;
  const counts = histogram(small);
  const level = otsu(counts);
  const outline =
    findOutline(small, level) ?? findOutline(small, otsu(counts.map((count, value) => (value <= level ? count : 0))));
  const sheet = outline && cut(grey, outline, small);
  const first = sheet?.image.pixels[0];
  return sheet && sheet.image.pixels.some((value) => value !== first) ? sheet : whole;
}

/** The outline of a sheet that is brighter than `level`, without its blurred edge; null if it lies on no desk. */
function findOutline(small: Grey, level: number): Rows | null {
  const bright = { ...small, pixels: small.pixels.map((value) => (value > level ? 1 : 0)) };
  const { parts, labels } = findParts(bright, false);
  if (!parts.length) return null;
  const areas = parts.map(({ area }) => area);
  const largest = areas.indexOf(areas.reduce((most, area) => Math.max(most, area)));
  const part = { ...small, pixels: Uint8Array.from(labels, (label) => (label === largest + 1 ? 1 : 0)) };
  const outline = outlineOf(rowsOf(part));
  if (!isOnDesk(small, bright, part, outline)) return null;
  const shrunk = shrinkOutline(outline, small);
  return !shrunk.begin.length || isChalk(small, shrunk) ? null : shrunk;
}

function rowsOf({ width, height, pixels }: Grey): Rows {
  let top = -1;
  const [begin, end]: [number[], number[]] = [[], []];
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    if (top < 0) top = y;
    begin.push(first);
    end.push(row.lastIndexOf(1) + 1);
  }
  return { top, begin, end };
}

function outlineOf({ top, begin, end }: Rows): Rows {
  const negative = (values: readonly number[]): number[] => values.map((value) => -value);
  return { top, begin: lowerHull(begin), end: negative(lowerHull(negative(end))) };
}

/** The largest convex function that is nowhere above the values, in `UNITS`, rounded down. */
function lowerHull(values: readonly number[]): number[] {
  const hull: [x: number, y: number][] = [];
  values.forEach((y, x) => {
    while (hull.length > 1) {
      const [[firstX, firstY], [lastX, lastY]] = hull.slice(-2) as [[number, number], [number, number]];
      if ((lastY - firstY) * (x - firstX) < (y - firstY) * (lastX - firstX)) break;
      hull.pop(); // it lies on or above the line between its neighbours
    }
    hull.push([x, y]);
  });
  const levels = [hull[0]![1] * UNITS];
  hull.slice(1).forEach(([toX, toY], i) => {
    const [x, y] = hull[i]!;
    for (let at = x + 1; at <= toX; at++) {
      levels.push(Math.floor(((y * (toX - at) + toY * (at - x)) * UNITS) / (toX - x)));
    }
  });
  return levels;
}

function isOnDesk(small: Grey, bright: Grey, part: Grey, outline: Rows): boolean {
  const covered = extent(outline);
  const [turned, turnedPart] = [turn(small), turn(part)];
  const [rows, columns] = [rowsOf(part), rowsOf(turnedPart)];
  const filled = Math.min(extent(rows), extent(columns)) * UNITS;
  const area = rows.begin.reduce((total, begin, i) => {
    const row = (rows.top + i) * bright.width;
    return total + sum(bright.pixels.subarray(row + begin, row + rows.end[i]!));
  }, 0);
  const edges = [...across(small, rows), ...across(turned, columns)];
  const sharp = edges.filter(([inside, outside]) => outside * 100 <= MAX_DESK * inside).length;
  return (
    area * 100 >= MIN_AREA * small.pixels.length &&
    filled * 100 >= MIN_FILL * covered &&
    area * UNITS * 100 >= MIN_BLANK * covered &&
    (sum(bright.pixels) - area) * 100 <= MAX_STRAY * area &&
    sidesOf(bright).some((side) => sum(side) * 100 <= (100 - MIN_DARK) * side.length) &&
    sharp * 100 >= MIN_SHARP * edges.length
  );
}

function sum(values: Uint8Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function extent({ begin, end }: Rows): number {
  return begin.reduce((total, first, i) => total + end[i]! - first, 0);
}

/** Rows and columns exchanged. */
function turn({ width, height, pixels }: Grey): Grey {
  return {
    width: height,
    height: width,
    pixels: pixels.map((_, at) => pixels[(at % height) * width + Math.floor(at / height)]!),
  };
}

function sidesOf(image: Grey): Uint8Array[] {
  const turned = turn(image);
  return [image, turned].flatMap(({ width, pixels }) => [pixels.subarray(0, width), pixels.subarray(-width)]);
}

/** Values on either side of where a part begins and ends within the picture. */
function across({ width, pixels }: Grey, { top, begin, end }: Rows): [inside: number, outside: number][] {
  const pairs: [number, number][] = [];
  begin.forEach((first, i) => {
    const value = (x: number): number => pixels[(top + i) * width + Math.min(Math.max(x, 0), width - 1)]!;
    if (first > 0) pairs.push([value(first + EDGE - 1), value(first - EDGE)]);
    if (end[i]! < width) pairs.push([value(end[i]! - EDGE), value(end[i]! + EDGE - 1)]);
  });
  return pairs;
}

/** The outline without the pixels along its edges, but for edges that are the picture's. */
function shrinkOutline({ top, begin, end }: Rows, { width, height }: Grey): Rows {
  const rows = begin.length;
  const first = top > 0 ? INSET : 0;
  const stop = rows - (top + rows < height ? INSET : 0);
  const full = width * UNITS;
  const shrunk: { top: number; begin: number[]; end: number[] } = { top: top + first, begin: [], end: [] };
  for (let i = first; i < stop; i++) {
    const [above, below] = [Math.max(i - INSET, 0), Math.min(i + INSET, rows - 1)];
    const left = Math.max(begin[above]!, begin[below]!);
    const right = Math.min(end[above]!, end[below]!);
    shrunk.begin.push(left > 0 ? left + INSET * UNITS : 0);
    shrunk.end.push(right < full ? right - INSET * UNITS : full);
  }
  return shrunk;
}

/** Whether an outline is rather that of one bright stroke: a strip without ink. */
function isChalk({ width, pixels }: Grey, { top, begin, end }: Rows): boolean {
  const rows = begin.length;
  const most = end.reduce((right, value) => Math.max(right, value), -Infinity);
  const least = begin.reduce((left, value) => Math.min(left, value), Infinity);
  const across = Math.floor((most - least) / UNITS);
  if (Math.max(rows, across) <= STRIP * Math.min(rows, across)) return false;
  let [count, total, darkest] = [0, 0, 255];
  begin.forEach((left, i) => {
    for (let x = Math.ceil(left / UNITS); (x + 1) * UNITS <= end[i]!; x++) {
      const value = pixels[(top + i) * width + x]!;
      [count, total, darkest] = [count + 1, total + value, Math.min(darkest, value)];
    }
  });
  return !count || darkest * count * 100 > INK * total;
}

/** What an outline in the reduced picture covers of the picture; null if it covers nothing. */
function cut(grey: Grey, outline: Rows, small: Grey): Sheet | null {
  const last = outline.begin.length - 1;
  const unit = 2 * grey.height;
  const units = unit * small.width * UNITS;
  const top = Math.ceil((outline.top * grey.height) / small.height);
  const bottom = Math.floor(((outline.top + last + 1) * grey.height) / small.height);
  const rows: { y: number; left: number; right: number }[] = [];
  for (let y = top; y < bottom; y++) {
    // Row y of the picture lies between the middles of two rows of the reduced one, at `share` / `unit`.
    const place = (2 * y + 1) * small.height - grey.height - unit * outline.top;
    const within = Math.min(Math.max(place, 0), unit * last);
    const [above, share] = [Math.floor(within / unit), within % unit];
    const below = Math.min(above + 1, last);
    const mix = (ends: readonly number[]): number =>
      (ends[above]! * (unit - share) + ends[below]! * share) * grey.width;
    const [left, right] = [Math.ceil(mix(outline.begin) / units), Math.floor(mix(outline.end) / units)];
    if (right > left) rows.push({ y, left, right });
  }
  if (!rows.length) return null;
  const left = rows.reduce((least, row) => Math.min(least, row.left), Infinity);
  const right = rows.reduce((most, row) => Math.max(most, row.right), 0);
  const image = crop(grey, { left, top: rows[0]!.y, right, bottom: rows.at(-1)!.y + 1 });
  for (const row of rows) {
    const pixels = image.pixels.subarray((row.y - rows[0]!.y) * image.width, (row.y - rows[0]!.y + 1) * image.width);
    pixels.fill(pixels[row.left - left]!, 0, row.left - left);
    pixels.fill(pixels[row.right - left - 1]!, row.right - left);
  }
  return { image, left, top: rows[0]!.y };
}
