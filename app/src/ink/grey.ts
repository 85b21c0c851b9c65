import type { Bounds } from "./bounds.ts";

/** A grey picture: row by row, one byte a pixel. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export function blank(width: number, height: number, value = 0): Grey {
  return { width, height, pixels: new Uint8Array(width * height).fill(value) };
}

export function crop(image: Grey, { left, top, right, bottom }: Bounds): Grey {
  const part = blank(right - left, bottom - top);
  for (let y = top; y < bottom; y++) {
    part.pixels.set(image.pixels.subarray(y * image.width + left, y * image.width + right), (y - top) * part.width);
  }
  return part;
}

export function paste(onto: Grey, image: Grey, left: number, top: number): void {
  for (let y = 0; y < image.height; y++) {
    onto.pixels.set(image.pixels.subarray(y * image.width, (y + 1) * image.width), (top + y) * onto.width + left);
  }
}

/** The picture with each pixel replaced by what `table` has for it. */
export function lookUp(image: Grey, table: Uint8Array): Grey {
  return { ...image, pixels: image.pixels.map((value) => table[value]!) };
}

export function invert(image: Grey): Grey {
  return { ...image, pixels: image.pixels.map((value) => 255 - value) };
}

export function peakOf(image: Grey): number {
  return image.pixels.reduce((peak, value) => Math.max(peak, value), 0);
}

/** The smallest box that holds every pixel above 0; null if there is none. */
export function inkBounds({ width, height, pixels }: Grey): Bounds | null {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!pixels[at]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return right ? { left, top, right, bottom } : null;
}
