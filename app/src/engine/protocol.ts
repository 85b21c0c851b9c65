/** Messages between the page and its worker. Every request has one answer with the same id. */
import type { CharacterNormalisation, FormulaNormalisation, Normalisation, Variant } from "../catalogue.ts";
import type { Placement, Stroke } from "../ink/canvas.ts";
import type { Grey } from "../ink/grey.ts";

/** Strokes on a sheet whose shorter edge is `side` long, or a scan (255 = paper). */
export type CharacterInk = { readonly strokes: readonly Stroke[]; readonly side: number } | { readonly scan: Grey };

/** Strokes, a picture file, or a picture of the camera. */
export type FormulaInk = { readonly strokes: readonly Stroke[] } | { readonly photo: Blob | ImageBitmap };

export interface Candidate {
  readonly label: number;
  readonly probability: number;
}

/** Milliseconds for making the network's picture, and for running the network. */
export interface Timing {
  readonly prepare: number;
  readonly run: number;
}

/** The candidates for a character, most probable first; none if there is no ink. */
export interface CharacterReading {
  readonly candidates: readonly Candidate[];
  readonly timing: Timing;
}

/** One symbol; edges in pixels of the detector's canvas. */
export interface Detection {
  readonly label: number;
  readonly score: number;
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** The symbols found in a formula, highest score first, and where the detector's canvas lies on the ink or photo. */
export interface FoundFormula {
  readonly detections: readonly Detection[];
  readonly placement: Placement;
}

/** The formulas found, in reading order; none if there is no ink. */
export interface FormulaReading {
  readonly formulas: readonly FoundFormula[];
  readonly timing: Timing;
}

/** The model that a request uses, and the normalisation that its file states. */
interface Use<N extends Normalisation> {
  readonly model: Variant;
  readonly normalisation: N;
}

/** Each kind of request and its answer. */
export interface Calls {
  /** Fetches and compiles a model; the answer is the time it took in milliseconds. */
  load: { request: Use<Normalisation>; answer: number };
  character: { request: Use<CharacterNormalisation> & { readonly ink: CharacterInk }; answer: CharacterReading };
  formula: { request: Use<FormulaNormalisation> & { readonly ink: FormulaInk }; answer: FormulaReading };
}

export type Kind = keyof Calls;
export type Request = { [K in Kind]: { readonly id: number; readonly kind: K } & Calls[K]["request"] }[Kind];
export type Answer = { readonly id: number } & ({ readonly value: Calls[Kind]["answer"] } | { readonly error: string });
