/** The page's side of the worker. */
import type { CharacterNormalisation, FormulaNormalisation, Normalisation, Variant } from "../catalogue.ts";
import type { Answer, Calls, CharacterInk, CharacterReading, FormulaInk, FormulaReading, Kind } from "./protocol.ts";

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Reads ink in a worker: every method returns at once. A model is fetched when it is first used. */
export class Engine {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  /** Fetches and compiles a model ahead of its use; resolves to the milliseconds that it took. */
  load(model: Variant, normalisation: Normalisation): Promise<number> {
    return this.call("load", { model, normalisation });
  }

  readCharacter(model: Variant, normalisation: CharacterNormalisation, ink: CharacterInk): Promise<CharacterReading> {
    return this.call("character", { model, normalisation, ink });
  }

  readFormula(model: Variant, normalisation: FormulaNormalisation, ink: FormulaInk): Promise<FormulaReading> {
    const bitmap = "photo" in ink && ink.photo instanceof ImageBitmap ? [ink.photo] : [];
    return this.call("formula", { model, normalisation, ink }, bitmap);
  }

  private call<K extends Kind>(kind: K, request: Calls[K]["request"], transfer: Transferable[] = []) {
    const id = ++this.last;
    return new Promise<Calls[K]["answer"]>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker ??= this.start();
      this.worker.postMessage({ id, kind, ...request }, transfer);
    });
  }

  private start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waiting = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.value as never);
    });
    worker.addEventListener("error", ({ message }) => {
      // The next call starts another one.
      worker.terminate();
      this.worker = null;
      const reason = message || "its script could not be loaded";
      for (const { reject } of this.waiting.values()) reject(new Error(`The recogniser stopped: ${reason}.`));
      this.waiting.clear();
    });
    return worker;
  }
}
