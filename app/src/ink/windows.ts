/** Extremes and sums over the window around each pixel. */
import { type Grey, blank, invert } from "./grey.ts";

/** The largest value of each window, `side` pixels long and wide (odd), within the picture: `cv2.dilate`. */
export function dilate(image: Grey, side: number): Grey {
  return dilateAndTurn(dilateAndTurn(image, side), side);
}

/** The smallest value of each window: `cv2.erode`. */
export function erode(image: Grey, side: number): Grey {
  return invert(dilate(invert(image), side));
}

/**
 * The largest value of each window along the rows, rows and columns exchanged.
 *
 * Source: van Herk 1992. A row is divided into blocks as long as a window; so each window consists of the end of one
 * block and the beginning of the next, whose maxima are known.
 */
function dilateAndTurn({ width, height, pixels }: Grey, side: number): Grey {
  const turned = blank(height, width);
  const radius = (side - 1) / 2;
  const length = Math.ceil((width + 2 * radius) / side) * side;
  const padded = new Uint8Array(length);
  const upTo = new Uint8Array(length); // maximum from the beginning of the block
  const from = new Uint8Array(length); // maximum to the end of the block
  for (let y = 0; y < height; y++) {
    padded.set(pixels.subarray(y * width, (y + 1) * width), radius);
    for (let i = 0; i < length; i++) upTo[i] = i % side ? Math.max(upTo[i - 1]!, padded[i]!) : padded[i]!;
    for (let i = length - 1; i >= 0; i--) {
      from[i] = (i + 1) % side ? Math.max(from[i + 1]!, padded[i]!) : padded[i]!;
    }
    for (let x = 0; x < width; x++) turned.pixels[x * height + y] = Math.max(from[x]!, upTo[x + side - 1]!);
  }
  return turned;
}

/** The sum of each window, row by row; edges are repeated beyond the picture: `cv2.boxFilter`. */
export function windowSums({ width, height, pixels }: Grey, side: number): Float64Array {
  const along = sumAndTurn(Float64Array.from(pixels), width, height, side);
  return sumAndTurn(along, height, width, side);
}

function sumAndTurn(values: Float64Array, width: number, height: number, side: number): Float64Array {
  const turned = new Float64Array(values.length);
  const radius = (side - 1) / 2;
  for (let y = 0; y < height; y++) {
    const value = (x: number): number => values[y * width + Math.min(Math.max(x, 0), width - 1)]!;
    let sum = 0;
    for (let x = -radius - 1; x < radius; x++) sum += value(x);
    for (let x = 0; x < width; x++) {
      sum += value(x + radius) - value(x - radius - 1);
      turned[x * height + y] = sum;
    }
  }
  return turned;
}
