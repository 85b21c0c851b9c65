/** `pipeline/ink/normalise.py` in TypeScript: the same scan gives the same bytes. The numbered steps are told there. */
import { type Grey, blank, crop, inkBounds, invert, lookUp, paste, peakOf } from "./grey.ts";
import { BILINEAR, resize } from "./resample.ts";

export const SIDE = 56; // pixels, input of the network
export const MARGIN = 4; // pixels of black at each end of the longer side
const INNER = SIDE - 2 * MARGIN;

/**
 * Makes the network's picture of a scan (255 = paper): ink bright on black, aspect kept, centred, contrast stretched.
 *
 * @returns `SIDE` x `SIDE` pixels, or null for a scan without ink.
 */
export function normalise(scan: Grey): Grey | null {
  const ink = stretch(invert(scan));
  const bounds = inkBounds(ink);
  if (!bounds) return null;
  const [width, height] = fittedSize(bounds.right - bounds.left, bounds.bottom - bounds.top);
  const fitted = stretch(resize(crop(ink, bounds), width, height, BILINEAR));
  const canvas = blank(SIDE, SIDE);
  paste(canvas, fitted, Math.floor((SIDE - width) / 2), Math.floor((SIDE - height) / 2));
  return canvas;
}

/** Brings the largest value to 255. */
function stretch(image: Grey): Grey {
  const peak = Math.max(peakOf(image), 1);
  return lookUp(
    image,
    Uint8Array.from({ length: 256 }, (_, value) => Math.min(Math.floor((510 * value + peak) / (2 * peak)), 255)),
  );
}

/** Size of `width` x `height` pixels of ink when the longer side becomes `INNER`. */
function fittedSize(width: number, height: number): [number, number] {
  const longer = Math.max(width, height);
  const fit = (side: number): number => Math.max(Math.floor((INNER * side + Math.floor(longer / 2)) / longer), 1);
  return [fit(width), fit(height)];
}
