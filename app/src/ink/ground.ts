/** `pipeline/ink/ground.py` in TypeScript: what ink lies on. The rules are explained there. */
import { type Grey, blank, peakOf } from "./grey.ts";
import { medianBlur } from "./median.ts";
import { BILINEAR, BOX, resize } from "./resample.ts";
import { dilate, erode, windowSums } from "./windows.ts";

const SIDE = 512; // pixels that the longer side is reduced to
const WINDOW = 3; // windows along the longer side
const LIVELY = 4; // a pixel votes if the contrast around it is at least 1 / LIVELY of the strongest
const RIM = 32; // the rim of a picture is 1 / RIM of its shorter side wide
const INK = 55; // percent of the deepest ink's depth, from which on a pixel is ink
const DENSE = 30; // percent of a window; a pen that covers more shifts the median

/** Whether ink is darker than its ground. */
export function inkIsDark(grey: Grey): boolean {
  const calm = blur(shrink(grey, SIDE));
  const side = windowOf(calm);
  const [low, high] = [erode(calm, side), dilate(calm, side)];
  const strongest = peakOf({ ...high, pixels: high.pixels.map((value, i) => value - low.pixels[i]!) });
  const rim = Math.max(Math.floor(Math.min(calm.width, calm.height) / RIM), 1);
  const [whole, around] = [new Vote(), new Vote()];
  for (let y = 0, at = 0; y < calm.height; y++) {
    for (let x = 0; x < calm.width; x++, at++) {
      const [least, most] = [low.pixels[at]!, high.pixels[at]!];
      if ((most - least) * LIVELY < Math.max(strongest, 1)) continue;
      whole.add(calm.pixels[at]!, least, most);
      const isInner = x >= rim && x < calm.width - rim && y >= rim && y < calm.height - rim;
      if (!isInner) around.add(calm.pixels[at]!, least, most);
    }
  }
  return whole.lightness * Math.max(around.contrast, 1) + around.lightness * Math.max(whole.contrast, 1) >= 0;
}

class Vote {
  lightness = 0;
  contrast = 0;

  add(value: number, least: number, most: number): void {
    this.lightness += 2 * value - least - most;
    this.contrast += most - least;
  }
}

/** Brightness of the ground at each pixel of a picture of dark ink. */
export function groundLevel(grey: Grey): Grey {
  const small = shrink(grey, SIDE);
  const side = windowOf(small);
  const calm = blur(small);
  const closed = erode(dilate(calm, side), side);
  const depth = closed.pixels.map((value, i) => value - calm.pixels[i]!);
  const deepest = peakOf({ ...small, pixels: depth });
  const ink = depth.map((value) => (value * 100 > INK * deepest ? 1 : 0));
  const covered = windowSums({ ...small, pixels: ink }, side);
  const isDense = (count: number): boolean => count * 100 > DENSE * side * side;
  const level = medianBlur(small, side);
  if (covered.some(isDense)) {
    const bare = small.pixels.map((value, i) => (ink[i] ? closed.pixels[i]! : value));
    const under = medianBlur({ ...small, pixels: bare }, side).pixels;
    covered.forEach((count, i) => {
      if (isDense(count)) level.pixels[i] = under[i]!;
    });
  }
  return resize(level, grey.width, grey.height, BILINEAR);
}

/** A picture whose longer side is at most `side` pixels. */
export function shrink(grey: Grey, side: number): Grey {
  const longer = Math.max(grey.width, grey.height);
  if (longer <= side) return grey;
  const fit = (length: number): number => Math.max(Math.floor((length * side) / longer), 1);
  return resize(grey, fit(grey.width), fit(grey.height), BOX);
}

function windowOf({ width, height }: Grey): number {
  return Math.floor(Math.max(width, height) / WINDOW) | 1;
}

/** A Gaussian of 3 x 3 pixels, edges mirrored, in fixed point: `cv2.GaussianBlur`. */
export function blur(image: Grey): Grey {
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
