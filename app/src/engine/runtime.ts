/** LiteRT.js: `.tflite` files on XNNPACK in WebAssembly, on one thread. Lives in a worker. */
import { type CompiledModel, Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";

import type { Variant } from "../catalogue.ts";
import type { Grey } from "../ink/grey.ts";

export type Outputs = Readonly<Record<string, Float32Array | Int32Array>>;

const ADVICE = "Build the page again with `make app`.";

/** A model that is ready to run. */
export interface Model {
  /** Values of a picture as they are, 0..255, to named outputs. */
  run(image: Grey): Promise<Outputs>;
}

let started: Promise<unknown> | null = null;

/**
 * Fetches, checks and compiles a model.
 *
 * @throws Error that says what is wrong with it.
 */
export async function loadModel(variant: Variant): Promise<Model> {
  started ??= start();
  const [data] = await Promise.all([fetchModel(variant), started]);
  let compiled: CompiledModel;
  try {
    compiled = await loadAndCompile(data, { accelerator: "wasm" });
  } catch (error) {
    throw new Error(`${variant.file}: expected a model that LiteRT.js runs, found another (${told(error)}). ${ADVICE}`);
  }
  const shape = [...compiled.getInputDetails()[0]!.shape];
  const names = compiled.getOutputDetails().map(({ name }) => name);
  return { run: (image) => run(compiled, image, shape, names) };
}

async function start(): Promise<unknown> {
  const folder = new URL("../wasm/", self.location.href).href; // scripts lie in a folder beside it
  // The loader looks for its .wasm file beside the worker's script, and logs every step.
  Object.assign(self, { Module: { locateFile: (file: string) => folder + file, print() {}, printErr() {} } });
  // It would ask for a GPU first and warn where there is none: models this small run faster without one.
  Object.defineProperty(navigator, "gpu", { value: undefined, configurable: true });
  try {
    return await loadLiteRt(folder);
  } catch (error) {
    started = null;
    throw new Error(`The runtime (LiteRT.js in wasm/) could not be started (${told(error)}). ${ADVICE}`);
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
  // A damaged file could take the whole runtime down; browsers only hash on secure origins, loopback among them.
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
    // The runtime's memory is not collected: values are copied out, tensors deleted by hand.
    const values = results.map((tensor) => tensor.toTypedArray().slice() as Float32Array | Int32Array);
    for (const tensor of results) tensor.delete();
    return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
  } finally {
    input.delete();
  }
}

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
