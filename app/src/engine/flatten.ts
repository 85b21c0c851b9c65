import type { Grey } from "../ink/grey.ts";

const BRIGHT = 128; // a pixel is light from this level on
const MIXED = 50; // a sheet has at least 1 / MIXED of its pixels on either side of `BRIGHT`

/**
 * Puts a transparent picture on the ground that shows its ink: `flatten` of `pipeline/formats/image.py`, where the rule is
 * explained.
 *
 * @param alpha of each pixel: 0 = transparent, 255 = opaque.
 */
export function flatten(grey: Grey, alpha: Uint8Array): Grey {
  let [total, light] = [0, 0];
  alpha.forEach((share, i) => {
    total += share;
    if (grey.pixels[i]! >= BRIGHT) light += share;
  });
  const isSheet = 2 * total > 255 * alpha.length && Math.min(light, total - light) * MIXED >= total;
  const ground = 2 * light > total === isSheet ? 255 : 0;
  const pixels = grey.pixels.map((value, i) =>
    Math.floor((value * alpha[i]! + ground * (255 - alpha[i]!) + 127) / 255),
  );
  return { ...grey, pixels };
}
