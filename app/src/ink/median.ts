/** The median around each pixel, edges repeated: `cv2.medianBlur`, in constant time whatever the size of the window. */
import { type Grey, blank } from "./grey.ts";

const COARSE = 16; // bins of 16 levels each

/**
 * Source: Perreault and Hébert 2007, "Median Filtering in Constant Time". Each column keeps a histogram of the window's
 * height; the window's own gains and loses whole columns as it moves, its fine bins only where the median falls.
 *
 * @param side of the window in pixels, odd.
 */
export function medianBlur(image: Grey, side: number): Grey {
  const { width, height } = image;
  const radius = (side - 1) / 2;
  const result = blank(width, height);
  const column = (x: number): number => Math.min(Math.max(x, 0), width - 1);
  const row = (y: number): number => Math.min(Math.max(y, 0), height - 1);
  const fine = new Uint16Array(width * 256);
  const coarse = new Uint16Array(width * COARSE);
  const count = (y: number, change: number): void => {
    for (let x = 0; x < width; x++) {
      const value = image.pixels[row(y) * width + x]!;
      fine[x * 256 + value]! += change;
      coarse[x * COARSE + (value >> 4)]! += change;
    }
  };
  for (let y = -radius; y < radius; y++) count(y, 1);
  const middle = (side * side + 1) / 2;
  for (let y = 0; y < height; y++) {
    count(y + radius, 1);
    const window = new Window(fine, coarse, column, radius);
    for (let x = 0; x < width; x++) {
      window.moveTo(x);
      result.pixels[y * width + x] = window.nth(middle);
    }
    count(y - radius, -1);
  }
  return result;
}

/** The histogram of a window that moves along a row. */
class Window {
  private readonly sums = new Int32Array(COARSE);
  private readonly fine = new Int32Array(256);
  private readonly upTo = new Int32Array(COARSE).fill(-1); // which x the fine bins of a coarse one are of
  private x = -1;
  private readonly columns: Uint16Array;
  private readonly coarse: Uint16Array;
  private readonly column: (x: number) => number;
  private readonly radius: number;

  constructor(columns: Uint16Array, coarse: Uint16Array, column: (x: number) => number, radius: number) {
    this.columns = columns;
    this.coarse = coarse;
    this.column = column;
    this.radius = radius;
    for (let x = -1 - radius; x < radius; x++) this.add(this.sums, coarse, column(x) * COARSE, 1);
  }

  /** Takes a step to the right. */
  moveTo(x: number): void {
    this.add(this.sums, this.coarse, this.column(x + this.radius) * COARSE, 1);
    this.add(this.sums, this.coarse, this.column(x - this.radius - 1) * COARSE, -1);
    this.x = x;
  }

  /** The n-th smallest value, from 1. */
  nth(n: number): number {
    let [bin, below] = [0, 0];
    while (below + this.sums[bin]! < n) below += this.sums[bin++]!;
    this.refresh(bin);
    let value = bin * 16;
    while (below + this.fine[value]! < n) below += this.fine[value++]!;
    return value;
  }

  /** Brings the fine bins of a coarse one to where the window is. */
  private refresh(bin: number): void {
    const bins = this.fine.subarray(bin * 16, bin * 16 + 16);
    const steps = this.x - this.upTo[bin]!;
    if (this.upTo[bin] === -1 || 2 * steps > 2 * this.radius + 1) {
      bins.fill(0);
      for (let x = this.x - this.radius; x <= this.x + this.radius; x++) this.addFine(bins, x, bin, 1);
    } else {
      for (let x = this.upTo[bin]! + 1; x <= this.x; x++) {
        this.addFine(bins, x + this.radius, bin, 1);
        this.addFine(bins, x - this.radius - 1, bin, -1);
      }
    }
    this.upTo[bin] = this.x;
  }

  private addFine(bins: Int32Array, x: number, bin: number, sign: number): void {
    this.add(bins, this.columns, this.column(x) * 256 + bin * 16, sign);
  }

  private add(bins: Int32Array, from: Uint16Array, start: number, sign: number): void {
    for (let i = 0; i < 16; i++) bins[i]! += sign * from[start + i]!;
  }
}
