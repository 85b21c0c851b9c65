/** The worker: makes the networks' pictures and runs the networks, so that drawing never waits. */
import type { Normalisation, Variant } from "../catalogue.ts";
import { type Frame, type Picture, drawInk } from "../ink/canvas.ts";
import type { Grey } from "../ink/grey.ts";
import { normalise } from "../ink/normalise.ts";
import { findBlocks, inReadingOrder, placeBlock } from "../ink/page.ts";
import { enlarge } from "../ink/placement.ts";
import { scanStrokes } from "../ink/scan.ts";
import { readGrey } from "./picture.ts";
import type {
  Answer,
  Calls,
  Candidate,
  CharacterInk,
  Detection,
  FormulaInk,
  FoundFormula,
  Kind,
  Request,
} from "./protocol.ts";
import { type Model, type Outputs, loadModel } from "./runtime.ts";

const CANDIDATES = 10;

const models = new Map<string, Promise<Model>>();

const handlers: { [K in Kind]: (request: Calls[K]["request"]) => Promise<Calls[K]["answer"]> } = {
  async load({ model, normalisation }) {
    const start = performance.now();
    await ready(model, normalisation);
    return performance.now() - start;
  },

  async character({ model, normalisation, ink }) {
    const start = performance.now();
    const image = normalise(scanOf(ink));
    const prepared = performance.now();
    const outputs = image && (await ready(model, normalisation).then((network) => network.run(image)));
    return {
      candidates: outputs ? best(outputs["probabilities"]!) : [],
      timing: { prepare: prepared - start, run: performance.now() - prepared },
    };
  },

  async formula({ model, normalisation, ink }) {
    const start = performance.now();
    const pictures = await picturesOf(ink, normalisation);
    const prepared = performance.now();
    const formulas: FoundFormula[] = [];
    for (const { image, placement } of pictures) {
      const outputs = await ready(model, normalisation).then((network) => network.run(image));
      formulas.push({ detections: detectionsOf(outputs), placement });
    }
    return { formulas, timing: { prepare: prepared - start, run: performance.now() - prepared } };
  },
};

function scanOf(ink: CharacterInk): Grey {
  return "scan" in ink ? ink.scan : scanStrokes(ink.strokes, ink.side);
}

/** The canvas of each formula, in reading order. */
async function picturesOf(ink: FormulaInk, frame: Frame): Promise<Picture[]> {
  if ("strokes" in ink) return [drawInk(ink.strokes, frame)];
  const { grey, reduction } = await readGrey(ink.photo);
  return inReadingOrder(findBlocks(grey)).map((block) => {
    const { image, placement } = placeBlock(block, frame);
    return { image, placement: enlarge(placement, reduction) };
  });
}

/** A model, which is fetched when it is first used. */
function ready(variant: Variant, normalisation: Normalisation): Promise<Model> {
  const known = models.get(variant.file);
  if (known) return known;
  const loading = loadModel(variant, normalisation);
  models.set(variant.file, loading);
  loading.catch(() => models.delete(variant.file)); // so that another try fetches it again
  return loading;
}

/** The most probable labels; of equally probable ones the smaller label comes first. */
function best(probabilities: Outputs[string]): Candidate[] {
  const ranked = Array.from(probabilities, (probability, label) => ({ label, probability }));
  return ranked.sort((a, b) => b.probability - a.probability).slice(0, CANDIDATES);
}

function detectionsOf(outputs: Outputs): Detection[] {
  const { boxes, scores, classes, count } = outputs as Record<"boxes" | "scores" | "classes" | "count", Float32Array>;
  return Array.from({ length: count[0]! }, (_, i) => {
    const [top, left, bottom, right] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    return { label: classes[i]!, score: scores[i]!, top, left, bottom, right };
  });
}

self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  let answer: Answer;
  try {
    const handle = handlers[data.kind] as (request: Request) => Promise<Calls[Kind]["answer"]>;
    answer = { id: data.id, value: await handle(data) };
  } catch (error) {
    answer = { id: data.id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
});
