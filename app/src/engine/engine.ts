/** The page's side of the worker. */
import type { Variant } from "../catalogue.ts";
import type { Frame } from "../ink/canvas.ts";
import type { Answer, Calls, CharacterInk, CharacterReading, FormulaInk, FormulaReading, Kind } from "./protocol.ts";

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Reads ink, elsewhere: every method returns at once. Models are fetched when they are first asked for. */
export class Engine {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  /** Fetches and compiles a model ahead of its use. Gives milliseconds. */
  load(model: Variant): Promise<number> {
    return this.call("load", { model });
  }

  readCharacter(model: Variant, ink: CharacterInk): Promise<CharacterReading> {
    return this.call("character", { model, ink });
  }

  readFormula(model: Variant, ink: FormulaInk, frame: Frame): Promise<FormulaReading> {
    const bitmap = "photo" in ink && ink.photo instanceof ImageBitmap ? [ink.photo] : [];
    return this.call("formula", { model, ink, frame }, bitmap);
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

/** Does one thing at a time; of what comes in meanwhile only the newest. */
export class Latest {
  private busy = false;
  private next: (() => Promise<void>) | null = null;
  private readonly region: HTMLElement;

  /** `region` shows what comes of it, and says that it is busy until nothing is left to do. */
  constructor(region: HTMLElement) {
    this.region = region;
  }

  run(task: () => Promise<void>): void {
    this.next = task;
    if (!this.busy) void this.drain();
  }

  private async drain(): Promise<void> {
    this.turn(true);
    try {
      while (this.next) {
        const task = this.next;
        this.next = null;
        await task();
      }
    } finally {
      this.turn(false);
    }
  }

  private turn(busy: boolean): void {
    this.busy = busy;
    this.region.ariaBusy = String(busy);
  }
}
