/** Decodes any picture that the browser can read to upright grey pixels, as `pipeline/formats/image.py` does. */
import { type Grey, blank } from "../ink/grey.ts";
import { flatten } from "./flatten.ts";

const MAX_BYTES = 2 ** 26;
const MAX_SIDE = 4096; // pixels; larger pictures are reduced before their pixels are copied: phones have little memory

/** A picture that cannot be read; the message is for the user. */
export class PictureError extends Error {}

/**
 * Decodes a file or a picture of the camera. EXIF rotation is applied; a transparent picture gets the ground that shows
 * its ink.
 *
 * @returns the pixels, and how many of the picture's own one of them is wide.
 */
export async function readGrey(source: Blob | ImageBitmap): Promise<{ grey: Grey; reduction: number }> {
  const bitmap = source instanceof ImageBitmap ? source : await decode(source);
  try {
    const reduction = Math.max(Math.max(bitmap.width, bitmap.height) / MAX_SIDE, 1);
    const width = Math.max(Math.round(bitmap.width / reduction), 1);
    const height = Math.max(Math.round(bitmap.height / reduction), 1);
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    return { grey: toGrey(context.getImageData(0, 0, width, height)), reduction };
  } finally {
    bitmap.close();
  }
}

async function decode(file: Blob): Promise<ImageBitmap> {
  const size = `${(file.size / 1e6).toFixed(1)} MB`;
  if (!file.size) throw new PictureError("The file is empty: choose a photo (JPEG, PNG, WebP …).");
  if (file.size > MAX_BYTES)
    throw new PictureError(
      `The file is too large (${size}): choose a photo of at most ${Math.floor(MAX_BYTES / 1e6)} MB.`,
    );
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new PictureError(`The browser cannot read this file (${size}) as a picture: choose a JPEG, PNG or WebP.`);
  }
}

/** ITU-R 601-2 luma in fixed point, as in Pillow's mode "L". */
function toGrey({ width, height, data }: ImageData): Grey {
  const grey = blank(width, height);
  const alpha = new Uint8Array(grey.pixels.length);
  for (let i = 0, at = 0; i < grey.pixels.length; i++, at += 4) {
    grey.pixels[i] = (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16;
    alpha[i] = data[at + 3]!;
  }
  return flatten(grey, alpha);
}
