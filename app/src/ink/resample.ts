/**
 * Pillow's `Image.resize` of grey pictures, to the bit: two passes of fixed-point sums, horizontal first.
 *
 * Source: Pillow, src/libImaging/Resample.c.
 */
import { type Grey, blank } from "./grey.ts";

const PRECISION_BITS = 22;

interface Filter {
  readonly support: number; // pixels, at scale 1
  weigh(distance: number): number;
}

/** A triangle as wide as the step: bilinear when it enlarges, antialiased when it reduces. */
export const BILINEAR: Filter = {
  support: 1,
  weigh: (distance) => Math.max(1 - Math.abs(distance), 0),
};

/** The mean of the pixels that an output pixel covers. */
export const BOX: Filter = {
  support: 0.5,
  weigh: (distance) => (distance > -0.5 && distance <= 0.5 ? 1 : 0),
};

export function resize(image: Grey, width: number, height: number, filter: Filter): Grey {
  // A pass along the rows gives the picture on its side; twice, and it stands upright again.
  return resizeAndTurn(resizeAndTurn(image, width, filter), height, filter);
}

/** Rows of another length, then rows and columns exchanged. */
function resizeAndTurn({ width, height, pixels }: Grey, length: number, filter: Filter): Grey {
  const turned = blank(height, length);
  for (let x = 0; x < length; x++) {
    const { first, weights } = contributions(x, width, length, filter);
    for (let y = 0; y < height; y++) {
      let sum = 1 << (PRECISION_BITS - 1);
      const start = y * width + first;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * pixels[start + i]!;
      turned.pixels[x * height + y] = Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
    }
  }
  return turned;
}

/** Which pixels of `from` make up pixel `x` of `to`, and by how many 2**22ths each. */
function contributions(x: number, from: number, to: number, filter: Filter): { first: number; weights: Int32Array } {
  if (from === to) return { first: x, weights: Int32Array.of(1 << PRECISION_BITS) };
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const centre = (x + 0.5) * scale;
  const first = Math.max(Math.trunc(centre - support + 0.5), 0);
  const last = Math.min(Math.trunc(centre + support + 0.5), from);
  const shares = Array.from({ length: last - first }, (_, i) =>
    filter.weigh((i + first - centre + 0.5) * (1 / stretch)),
  );
  const total = shares.reduce((sum, share) => sum + share, 0);
  return {
    first,
    weights: Int32Array.from(shares, (share) => Math.trunc((share / total) * 2 ** PRECISION_BITS + 0.5)),
  };
}
