/** `pipeline/ink/develop.py` in TypeScript: the same photograph gives the same canvas. See there for the steps. */
import { type Bounds, grow, hull } from "./bounds.ts";
import { type Frame, type Picture, fittingScale } from "./canvas.ts";
import { type Grey, blank, crop, invert, lookUp, paste, peakOf } from "./grey.ts";
import { blur, groundLevel, inkIsDark, shrink } from "./ground.ts";
import { findParts } from "./parts.ts";
import { BILINEAR, resize } from "./resample.ts";
import { findSheet } from "./sheet.ts";
import { histogram, otsu } from "./threshold.ts";

const MAX_SIDE = 2048; // pixels, of a picture that is worked on
const MIN_CONTRAST = 16; // in 255ths of the background's room; fainter marks are no ink
const SPECK = 40; // a part of less area than 1 / SPECK of the typical one is a speck
export const PAD = 1; // pixels of soft edge around the extent
const STRONG = Uint8Array.from({ length: 256 }, (_, value) => (value > 127 ? 1 : 0)); // what belongs to a part

/** The parts of developed ink, without specks. */
export interface InkParts {
  readonly boxes: readonly Bounds[];
  /** Of each part, its number in `labels`. */
  readonly numbers: readonly number[];
  /** Of each pixel, the part or speck, 0 for the ground. */
  readonly labels: Int32Array;
}

/** The ink of a photograph without the specks around it. */
export interface PhotoInk {
  readonly image: Grey;
  /** Of its first pixel in the reduced photograph. */
  readonly left: number;
  readonly top: number;
  /** Pixels of the reduced photograph per pixel of the photograph. */
  readonly reductionX: number;
  readonly reductionY: number;
  /** Long sides of its parts. */
  readonly sizes: readonly number[];
}

/** Puts a photographed formula on the canvas; null for a photograph without ink. */
export function fitPhoto(grey: Grey, frame: Frame): Picture | null {
  const ink = findInk(grey);
  return ink && placeInk(ink, frame);
}

/** Puts ink that was found in a photograph on the canvas. */
export function placeInk(ink: PhotoInk, frame: Frame): Picture {
  const { width: extentX, height: extentY } = ink.image;
  const scale = fittingScale(extentX, extentY, ink.sizes, frame);
  const width = Math.max(Math.trunc(extentX * scale + 0.5), 1);
  const height = Math.max(Math.trunc(extentY * scale + 0.5), 1);
  const small = resize(ink.image, width, height, BILINEAR);
  const peak = Math.max(peakOf(small), 1);
  const image = blank(frame.width, frame.height);
  const [left, top] = [Math.floor((frame.width - width) / 2), Math.floor((frame.height - height) / 2)];
  paste(image, lookUp(small, shares(peak)), left, top);
  const placement = {
    originX: ink.left / ink.reductionX,
    originY: ink.top / ink.reductionY,
    scaleX: (width / extentX) * ink.reductionX,
    scaleY: (height / extentY) * ink.reductionY,
    offsetX: left,
    offsetY: top,
  };
  return { image, placement };
}

/** Extracts the ink of a photograph; null if there is none. */
export function findInk(grey: Grey): PhotoInk | null {
  const sheet = findSheet(grey);
  const reduced = shrink(sheet.image, MAX_SIDE);
  const ink = develop(reduced);
  if (!ink) return null;
  const [reductionX, reductionY] = [reduced.width / sheet.image.width, reduced.height / sheet.image.height];
  const corner = { left: sheet.left * reductionX, top: sheet.top * reductionY };
  return cutInk(ink, findInkParts(ink), { ...corner, reductionX, reductionY });
}

/** Cuts developed ink to the extent of its parts; `place` is that of `flat`. */
export function cutInk(flat: Grey, parts: InkParts, place: Omit<PhotoInk, "image" | "sizes">): PhotoInk {
  const bounds = clipTo(grow(hull(parts.boxes), PAD), flat);
  const [left, top] = [place.left + bounds.left, place.top + bounds.top];
  return { ...place, image: crop(flat, bounds), left, top, sizes: parts.boxes.map(longSide) };
}

/** Flat ink: 0 = background, 255 = ink as strong as its median or stronger. Null if there is none. */
export function develop(grey: Grey): Grey | null {
  const share = blur(shareOfInk(inkIsDark(grey) ? grey : invert(grey)));
  const counts = histogram(share);
  const threshold = otsu(counts);
  const typical = medianAbove(counts, threshold);
  if (typical === null || typical < MIN_CONTRAST) return null;
  const floor = threshold >> 1;
  const room = Math.max(typical - floor, 1);
  const stretch = Uint8Array.from({ length: 256 }, (_, value) => clip(Math.floor(((value - floor) * 255) / room)));
  return lookUp(share, stretch);
}

/** What is darker than the ground, as a share of what the light leaves room for. */
function shareOfInk(grey: Grey): Grey {
  const ground = groundLevel(grey).pixels;
  const pixels = grey.pixels.map((value, i) => {
    const ink = Math.max(ground[i]! - value, 0);
    return Math.min(Math.floor((ink * 255) / Math.max(ground[i]!, 1)), 255);
  });
  return { ...grey, pixels };
}

/** The median of the values above the threshold; null if there are none. */
function medianAbove(counts: readonly number[], threshold: number): number | null {
  const above = counts.slice(threshold + 1).reduce((sum, count) => sum + count, 0);
  if (!above) return null;
  const middle = Math.floor((above + 1) / 2);
  let [seen, value] = [0, threshold];
  while (seen < middle) seen += counts[++value]!;
  return value;
}

/** Finds the parts of developed ink; half of the ink is in parts that are larger than the typical one. */
export function findInkParts(ink: Grey): InkParts {
  const { parts, labels } = findParts(lookUp(ink, STRONG), true);
  const areas = parts.map(({ area }) => area).sort((a, b) => b - a);
  const middle = Math.floor((areas.reduce((sum, area) => sum + area, 0) + 1) / 2);
  let [seen, index] = [0, -1];
  while (seen < middle) seen += areas[++index]!;
  const typical = areas[index]!;
  const numbers = parts.flatMap(({ area }, i) => (area * SPECK >= typical ? [i + 1] : []));
  return { boxes: numbers.map((number) => parts[number - 1]!), numbers, labels };
}

/** The 75th percentile of the parts' long sides, as in `fittingScale`. */
export function typicalSize({ boxes }: InkParts): number {
  const ascending = boxes.map(longSide).sort((a, b) => a - b);
  return ascending[Math.floor((3 * boxes.length + 3) / 4) - 1]!;
}

export function longSide({ left, top, right, bottom }: Bounds): number {
  return Math.max(right - left, bottom - top);
}

/** What of a box lies within a picture. */
export function clipTo({ left, top, right, bottom }: Bounds, { width, height }: Grey): Bounds {
  return {
    left: Math.max(left, 0),
    top: Math.max(top, 0),
    right: Math.min(right, width),
    bottom: Math.min(bottom, height),
  };
}

/** Value to 255ths of the peak. */
function shares(peak: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => Math.min(Math.floor((value * 255) / peak), 255));
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}
