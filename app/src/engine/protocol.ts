/** What the page and its worker say to each other. Every request has one answer with the same id. */
import type { Variant } from "../catalogue.ts";
import type { Frame, Placement, Stroke } from "../ink/canvas.ts";
import type { Grey } from "../ink/grey.ts";

/** Strokes on a sheet whose shorter edge is `side` long, or a scan (255 = paper). */
export type CharacterInk = { readonly strokes: readonly Stroke[]; readonly side: number } | { readonly scan: Grey };

/** Strokes, a picture file, or a picture of the camera. */
export type FormulaInk = { readonly strokes: readonly Stroke[] } | { readonly photo: Blob | ImageBitmap };

export interface Candidate {
  readonly label: number;
  readonly probability: number;
}

/** Milliseconds: making the network's picture, and running the network. */
export interface Timing {
  readonly prepare: number;
  readonly run: number;
}

/** What a character was read as, surest first; no candidates where there is no ink. */
export interface CharacterReading {
  readonly candidates: readonly Candidate[];
  readonly timing: Timing;
}

/** One symbol; corners in pixels of the detector's canvas. */
export interface Detection {
  readonly label: number;
  readonly score: number;
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** What was found in a formula, surest first; no placement where there is no ink. */
export interface FormulaReading {
  readonly detections: readonly Detection[];
  readonly placement: Placement | null;
  readonly timing: Timing;
}

/** Each kind of request and its answer. */
export interface Calls {
  /** Fetches and compiles a model; gives the milliseconds that it took. */
  load: { request: { readonly model: Variant }; answer: number };
  character: { request: { readonly model: Variant; readonly ink: CharacterInk }; answer: CharacterReading };
  formula: {
    request: { readonly model: Variant; readonly ink: FormulaInk; readonly frame: Frame };
    answer: FormulaReading;
  };
}

export type Kind = keyof Calls;
export type Request = { [K in Kind]: { readonly id: number; readonly kind: K } & Calls[K]["request"] }[Kind];
export type Answer = { readonly id: number } & ({ readonly value: Calls[Kind]["answer"] } | { readonly error: string });
