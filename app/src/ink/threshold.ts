/** `pipeline/ink/threshold.py` in TypeScript: the level that divides the two classes of a picture's grey values. */
import type { Grey } from "./grey.ts";

/** How many pixels have each value. */
export function histogram(image: Grey): number[] {
  const counts = new Array<number>(256).fill(0);
  for (const value of image.pixels) counts[value]! += 1;
  return counts;
}

/** The level that divides a histogram best: the upper class lies above it. Source: Otsu 1979. */
export function otsu(counts: readonly number[]): number {
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
