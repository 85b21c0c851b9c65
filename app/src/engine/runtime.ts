/** LiteRT.js: `.tflite` files on XNNPACK in WebAssembly, on one thread. Lives in a worker. */
import { type CompiledModel, Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";

import type { Normalisation, Variant } from "../catalogue.ts";
import type { Grey } from "../ink/grey.ts";
import { checkNormalisation } from "./normalisation.ts";

export type Outputs = Readonly<Record<string, Float32Array | Int32Array>>;

const ADVICE = "Build the page again with `make app`.";

/** A model that is ready to run. */
export interface Model {
  /** Runs the network on a picture, grey levels 0 to 255; returns its outputs by name. */
  run(image: Grey): Promise<Outputs>;
}

let started: Promise<unknown> | null = null;

/**
 * Fetches, checks and compiles a model.
 *
 * @param normalisation that the model file states.
 * @throws Error that says what is wrong with the model.
 */
export async function loadModel(variant: Variant, normalisation: Normalisation): Promise<Model> {
  started ??= start();
  const [data] = await Promise.all([fetchModel(variant), started]);
  let compiled: CompiledModel;
  try {
    compiled = await loadAndCompile(data, { accelerator: "wasm" });
  } catch (error) {
    throw new Error(
      `${variant.file}: expected a model that LiteRT.js runs, found another (${reasonOf(error)}). ${ADVICE}`,
    );
  }
  const shape = [...compiled.getInputDetails()[0]!.shape];
  checkNormalisation(variant.file, normalisation, shape);
  const names = compiled.getOutputDetails().map(({ name }) => name);
  return { run: (image) => run(compiled, image, shape, names) };
}

async function start(): Promise<unknown> {
  const folder = new URL("../wasm/", self.location.href).href; // a sibling of the folder of this script
  // The loader looks for its .wasm file beside the worker's script, and logs every step.
  Object.assign(self, { Module: { locateFile: (file: string) => folder + file, print() {}, printErr() {} } });
  // It would ask for a GPU first, and warn if there is none: models this small run faster without one.
  Object.defineProperty(navigator, "gpu", { value: undefined, configurable: true });
  try {
    return await loadLiteRt(folder);
  } catch (error) {
    started = null;
    throw new Error(`The runtime (LiteRT.js in wasm/) could not be started (${reasonOf(error)}). ${ADVICE}`);
  }
}

async function fetchModel(variant: Variant): Promise<Uint8Array> {
  const url = new URL(`../${variant.file}`, self.location.href);
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) {
    const found = answer ? `HTTP status ${answer.status}` : "no answer";
    throw new Error(`${variant.file}: expected the model, found ${found}. ${ADVICE}`);
  }
  const data = await answer.arrayBuffer();
  // A damaged file could crash the runtime. Browsers hash only on secure origins; loopback is one.
  if (data.byteLength !== variant.bytes || (self.crypto?.subtle && (await digest(data)) !== variant.sha256)) {
    throw new Error(`${variant.file}: expected the model of models.json, found a damaged or different file. ${ADVICE}`);
  }
  return new Uint8Array(data);
}

async function digest(data: ArrayBuffer): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function run(compiled: CompiledModel, image: Grey, shape: number[], names: string[]): Promise<Outputs> {
  const input = new Tensor(Float32Array.from(image.pixels), shape);
  try {
    const results = await compiled.run([input]);
    // The runtime's memory is not garbage-collected: copy the values, then delete the tensors.
    const values = results.map((tensor) => tensor.toTypedArray().slice() as Float32Array | Int32Array);
    for (const tensor of results) tensor.delete();
    return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  } finally {
    input.delete();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
