/** Compares the normalisation that a model file states with that of this page. */
import type { Normalisation } from "../catalogue.ts";
import { MARGIN as CANVAS_MARGIN } from "../ink/canvas.ts";
import { MARGIN, SIDE } from "../ink/normalise.ts";

/**
 * Refuses a model that expects other pictures than this page makes.
 *
 * The canvas of formulas may have any size, since `drawInk` and `fitPhoto` take it from the model; the rest is fixed.
 *
 * @param file name of the model, for messages.
 * @param shape of the network's input: 1, height, width, 1.
 * @throws Error that names expected and found sizes.
 */
export function checkNormalisation(file: string, normalisation: Normalisation, shape: readonly number[]): void {
  const fixed: Readonly<Record<string, number>> =
    "side" in normalisation ? { side: SIDE, margin: MARGIN } : { margin: CANVAS_MARGIN };
  const found = Object.fromEntries(Object.entries(normalisation).filter(([name]) => name in fixed));
  if (listed(found) !== listed(fixed)) {
    throw new Error(
      `${file}: expected a model for pictures with ${listed(fixed)}, as this page makes them, found ` +
        `${listed(found) || "no such sizes"} in its metadata. Build model and page from one version with \`make app\`.`,
    );
  }
  const { height, width } =
    "side" in normalisation ? { height: normalisation.side, width: normalisation.side } : normalisation;
  if (shape.join() !== [1, height, width, 1].join()) {
    throw new Error(
      `${file}: expected an input of 1 x ${height} x ${width} x 1, as its metadata say, found ${shape.join(" x ")}. ` +
        "Export the model again with `make app`.",
    );
  }
}

function listed(sizes: Readonly<Record<string, number>>): string {
  return Object.keys(sizes)
    .sort()
    .map((name) => `${name} ${sizes[name]}`)
    .join(", ");
}
