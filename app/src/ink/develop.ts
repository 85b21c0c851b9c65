/** `pipeline/ink/develop.py` in TypeScript: the same photograph gives the same canvas. The steps are told there. */
import { type Bounds, grow, hull } from "./bounds.ts";
import { type Frame, type Picture, fittingScale } from "./canvas.ts";
import { type Grey, blank, crop, lookUp, paste, peakOf } from "./grey.ts";
import { medianBlur } from "./median.ts";
import { BILINEAR, BOX, resize } from "./resample.ts";

const MAX_SIDE = 2048; // pixels, of a picture that is worked on
const BACKGROUND_SIDE = 512; // pixels
const MIN_CONTRAST = 16; // in 255ths of the background's room; fainter marks are no ink
const SPECK = 40; // a part of less area than 1 / SPECK of the typical one is a speck
const PAD = 1; // pixels of soft edge around the extent

/** Puts a photographed formula on the canvas; null for a photograph without ink. */
export function fitPhoto(grey: Grey, frame: Frame): Picture | null {
  const reduced = reduce(grey, MAX_SIDE);
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
  const [reducedX, reducedY] = [reduced.width / grey.width, reduced.height / grey.height];
  const placement = {
    originX: bounds.left / reducedX,
    originY: bounds.top / reducedY,
    scaleX: (width / extentX) * reducedX,
    scaleY: (height / extentY) * reducedY,
    offsetX: left,
    offsetY: top,
  };
  return { image, placement };
}

/** Flat ink: 0 = background, 255 = ink as strong as its median or stronger. Null if there is none. */
export function develop(grey: Grey): Grey | null {
  const share = blur(shareOfInk(grey));
  const counts = histogram(share);
  const threshold = otsu(counts);
  const typical = medianAbove(counts, threshold);
  if (typical === null || typical < MIN_CONTRAST) return null;
  const floor = threshold >> 1;
  const room = Math.max(typical - floor, 1);
  const stretch = Uint8Array.from({ length: 256 }, (_, value) => clip(Math.floor(((value - floor) * 255) / room)));
  return lookUp(share, stretch);
}

/** A picture whose longer side is at most `side`. */
function reduce(grey: Grey, side: number): Grey {
  const longer = Math.max(grey.width, grey.height);
  if (longer <= side) return grey;
  const fit = (length: number): number => Math.max(Math.floor((length * side) / longer), 1);
  return resize(grey, fit(grey.width), fit(grey.height), BOX);
}

/** What is darker than the background, or lighter, whichever holds more, as a share of what the light leaves room for. */
function shareOfInk(grey: Grey): Grey {
  const back = background(grey).pixels;
  const dark = grey.pixels.map((value, i) => Math.max(back[i]! - value, 0));
  const light = grey.pixels.map((value, i) => Math.max(value - back[i]!, 0));
  const onLight = energy(dark) >= energy(light);
  const ink = onLight ? dark : light;
  const pixels = ink.map((value, i) => {
    const room = onLight ? back[i]! : 255 - back[i]!;
    return Math.min(Math.floor((value * 255) / Math.max(room, 1)), 255);
  });
  return { ...grey, pixels };
}

function background(grey: Grey): Grey {
  const side = Math.min(Math.max(grey.width, grey.height), BACKGROUND_SIDE);
  const median = medianBlur(reduce(grey, side), Math.floor(side / 3) | 1);
  return resize(median, grey.width, grey.height, BILINEAR);
}

function energy(differences: Uint8Array): number {
  return differences.reduce((sum, value) => sum + value * value, 0);
}

/** A Gaussian of 3 x 3 pixels, edges mirrored, in fixed point: `cv2.GaussianBlur`. */
function blur(image: Grey): Grey {
  const { width, height, pixels } = image;
  const result = blank(width, height);
  const rows = new Uint16Array(width * height);
  const mirror = (i: number, length: number): number => (length === 1 ? 0 : i < 0 ? 1 : i === length ? length - 2 : i);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width;
      rows[at + x] = pixels[at + mirror(x - 1, width)]! + 2 * pixels[at + x]! + pixels[at + mirror(x + 1, width)]!;
    }
  }
  for (let y = 0; y < height; y++) {
    const [above, below] = [mirror(y - 1, height) * width, mirror(y + 1, height) * width];
    for (let x = 0; x < width; x++) {
      result.pixels[y * width + x] = (rows[above + x]! + 2 * rows[y * width + x]! + rows[below + x]! + 8) >> 4;
    }
  }
  return result;
}

function histogram(image: Grey): number[] {
  const counts = new Array<number>(256).fill(0);
  for (const value of image.pixels) counts[value]! += 1;
  return counts;
}

/** The level (ink is above it) that parts a histogram best: Otsu 1979. */
function otsu(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const whole = counts.reduce((sum, count, value) => sum + count * value, 0);
  let [weight, moment, best, threshold] = [0, 0, -1, 0];
  for (let value = 0; value < 255; value++) {
    weight += counts[value]!;
    moment += counts[value]! * value;
    const difference = weight * whole - moment * total;
    const between = (difference * difference) / Math.max(weight * (total - weight), 1);
    if (between > best) [best, threshold] = [between, value];
  }
  return threshold;
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
  const parts = findParts(ink);
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

interface Part extends Bounds {
  readonly area: number;
}

/** The parts of strong ink that hang together, corners included. */
function findParts({ width, height, pixels }: Grey): Part[] {
  const seen = new Uint8Array(pixels.length);
  const parts: Part[] = [];
  const stack: number[] = [];
  const visit = (at: number): void => {
    if (pixels[at]! <= 127 || seen[at]) return;
    seen[at] = 1;
    stack.push(at);
  };
  for (let start = 0; start < pixels.length; start++) {
    visit(start);
    if (!stack.length) continue;
    let [left, top, right, bottom, area] = [width, height, 0, 0, 0];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      area += 1;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
      for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++) {
        for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++) {
          visit(row * width + column);
        }
      }
    }
    parts.push({ left, top, right, bottom, area });
  }
  return parts;
}

/** Value to 255ths of the peak. */
function shares(peak: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => Math.min(Math.floor((value * 255) / peak), 255));
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}
