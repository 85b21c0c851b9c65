/** What the page ships: `models.json`, which `pipeline/page/catalogue.py` writes. */
import type { Frame } from "./ink/canvas.ts";

/** One .tflite file, and what the pipeline measured on its test part. */
export interface Variant {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Sizes of the picture of a character in pixels: the side of the square, and the black margin around the ink. */
export interface CharacterNormalisation {
  readonly side: number;
  readonly margin: number;
}

/** Sizes of the picture of a formula in pixels: the canvas, and the black margin around the ink. */
export interface FormulaNormalisation extends Frame {
  readonly margin: number;
}

export type Normalisation = CharacterNormalisation | FormulaNormalisation;

/** Whether a recogniser came with the project or was trained by whoever built the page. */
export type Origin = "released" | "trained";

/** A recogniser in its variants, with what its model files say: the network's name, its classes, its normalisation. */
export interface Recogniser<N extends Normalisation> {
  readonly origin: Origin;
  readonly network: string;
  readonly classes: readonly string[]; // by label
  readonly normalisation: N;
  readonly variants: readonly Variant[];
  readonly preferred: string; // name of a variant
  readonly threshold: number | null; // least confidence of an answer; null if the model does not say
}

export type CharacterRecogniser = Recogniser<CharacterNormalisation>;
export type FormulaRecogniser = Recogniser<FormulaNormalisation>;

/** The recognisers of each kind; the page reads with the first one until the user chooses another. */
export interface Catalogue {
  readonly characters: readonly CharacterRecogniser[];
  readonly formulas: readonly FormulaRecogniser[];
}

const FILE = "models.json";

/**
 * Fetches the catalogue of this page.
 *
 * @throws Error that says what to do, if the file is missing or is no JSON.
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
