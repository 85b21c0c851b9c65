/** What the page ships: `models.json`, which `pipeline/page/catalogue.py` writes. */
import type { Frame } from "./ink/canvas.ts";

/** One .tflite file, and what the pipeline measured of it on its test part. */
export interface Variant {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A recogniser in its variants. A label is an index into `classes`. */
export interface Shipped {
  readonly network: string;
  readonly classes: readonly string[];
  readonly variants: readonly Variant[];
  readonly preferred: string; // name of a variant
}

/** The recogniser of formulas, and the canvas that it looks at. */
export interface ShippedDetector extends Shipped {
  readonly frame: Frame;
}

export interface Catalogue {
  readonly characters: Shipped;
  readonly formulas: ShippedDetector;
}

const FILE = "models.json";

/**
 * Fetches the catalogue of this page.
 *
 * @throws Error that says what to do, if it is not there or no catalogue.
 */
export async function fetchCatalogue(): Promise<Catalogue> {
  const answer = await fetch(FILE).catch(() => null);
  if (!answer?.ok) {
    const found = answer ? `HTTP status ${answer.status}` : "no answer";
    throw new Error(`${FILE}: expected the list of models, found ${found}. Build the page again with \`make app\`.`);
  }
  try {
    return (await answer.json()) as Catalogue;
  } catch {
    throw new Error(`${FILE}: expected JSON, found something else. Build the page again with \`make app\`.`);
  }
}
