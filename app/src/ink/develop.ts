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
const PAD = 1; // pixels of soft edge around the extent
const STRONG = Uint8Array.from({ length: 256 }, (_, value) => (value > 127 ? 1 : 0)); // what belongs to a part

/** Puts a photographed formula on the canvas; null for a photograph without ink. */
export function fitPhoto(grey: Grey, frame: Frame): Picture | null {
  const sheet = findSheet(grey);
  const reduced = shrink(sheet.image, MAX_SIDE);
  const ink = develop(reduced);
  if (!ink) return null;
  const { bounds, sizes } = findExtent(ink);
  const [extentX, extentY] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
  const scale = fittingScale(extentX, extentY, sizes, frame);
  const width = Math.max(Math.trunc(extentX * scale + 0.5), 1);
  const height = Math.max(Math.trunc(extentY * scale + 0.5), 1);
  const small = resize(crop(ink, bounds), width, height, BILINEAR);
  const peak = Math.max(peakOf(small), 1);
  const image = blank(frame.width, frame.height);
  const [left, top] = [Math.floor((frame.width - width) / 2), Math.floor((frame.height - height) / 2)];
  paste(image, lookUp(small, shares(peak)), left, top);
  const [reducedX, reducedY] = [reduced.width / sheet.image.width, reduced.height / sheet.image.height];
  const placement = {
    originX: sheet.left + bounds.left / reducedX,
    originY: sheet.top + bounds.top / reducedY,
    scaleX: (width / extentX) * reducedX,
    scaleY: (height / extentY) * reducedY,
    offsetX: left,
    offsetY: top,
  };
  return { image, placement };
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

/** Extent of the ink without specks, and the long sides of its parts. */
function findExtent(ink: Grey): { bounds: Bounds; sizes: number[] } {
  const { parts } = findParts(lookUp(ink, STRONG), true);
  const areas = parts.map(({ area }) => area).sort((a, b) => b - a);
  const middle = Math.floor((areas.reduce((sum, area) => sum + area, 0) + 1) / 2);
  let [seen, index] = [0, -1];
  while (seen < middle) seen += areas[++index]!;
  const typical = areas[index]!; // half of the ink is in larger parts
  const kept = parts.filter(({ area }) => area * SPECK >= typical);
  const { left, top, right, bottom } = grow(hull(kept), PAD);
  return {
    bounds: {
      left: Math.max(left, 0),
      top: Math.max(top, 0),
      right: Math.min(right, ink.width),
      bottom: Math.min(bottom, ink.height),
    },
    sizes: kept.map((part) => Math.max(part.right - part.left, part.bottom - part.top)),
  };
}

/** Value to 255ths of the peak. */
function shares(peak: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => Math.min(Math.floor((value * 255) / peak), 255));
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}
