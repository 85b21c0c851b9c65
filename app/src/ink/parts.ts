/** The connected parts of a picture: `cv2.connectedComponentsWithStats`. */
import type { Bounds } from "./bounds.ts";
import type { Grey } from "./grey.ts";

export interface Part extends Bounds {
  readonly area: number;
}

/**
 * Finds the parts whose pixels are above 0.
 *
 * @param diagonal whether pixels that share only a corner are connected.
 * @returns the parts in the order of their first pixels, and for each pixel the number of its part, from 1; 0 = none.
 */
export function findParts({ width, height, pixels }: Grey, diagonal: boolean): { parts: Part[]; labels: Int32Array } {
  const labels = new Int32Array(pixels.length);
  const parts: Part[] = [];
  const stack: number[] = [];
  const visit = (at: number): void => {
    if (!pixels[at] || labels[at]) return;
    labels[at] = parts.length + 1;
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
          if (diagonal || row === y || column === x) visit(row * width + column);
        }
      }
    }
    parts.push({ left, top, right, bottom, area });
  }
  return { parts, labels };
}
