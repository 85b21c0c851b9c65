/** The page of formulas: written on a sheet, photographed, or seen by the camera; every symbol boxed and named. */
import type { ShippedDetector, Variant } from "../catalogue.ts";
import { byId, create, megabytes, milliseconds, percent } from "../dom.ts";
import { type Engine, Latest } from "../engine/engine.ts";
import type { Detection, FormulaInk, FormulaReading } from "../engine/protocol.ts";
import { Sheet } from "../pen/sheet.ts";
import { type Size, type View, contain, sizeOf } from "../pen/view.ts";
import { readingOrder } from "../reading.ts";
import { places, segment } from "../segments.ts";
import { sign } from "../symbols.ts";
import { clearLayer, drawBoxes } from "./boxes.ts";
import { Camera } from "./camera.ts";
import { connectKeys } from "./keys.ts";
import { ModelTable } from "./models.ts";
import type { Notices } from "./notices.ts";

const PEN = 0.012; // of the sheet's shorter edge
const PHOTO_THRESHOLD = 0.5; // the pipeline chooses its own for ink, where strokes tell which boxes are real

/** What is being looked at: the sheet, a photo, or the camera. */
type Subject = { kind: "ink" } | { kind: "photo"; file: Blob } | { kind: "camera" };

interface Found {
  readonly ink: FormulaInk;
  readonly reading: FormulaReading;
}

export interface FormulaPage {
  readonly sheet: Sheet;
  /** The page is shown or hidden. */
  shown(visible: boolean): void;
}

export function startFormulas(engine: Engine, shipped: ShippedDetector, notices: Notices): FormulaPage {
  const root = byId("formulas-room");
  const layer = byId<HTMLCanvasElement>("boxes");
  const photo = byId<HTMLImageElement>("photo");
  const video = byId<HTMLVideoElement>("video");
  const chooser = byId<HTMLInputElement>("photo-file");
  const slider = byId<HTMLInputElement>("threshold");
  const summary = byId("formulas-summary");
  const list = byId("symbols");
  const camera = new Camera(video);
  const latest = new Latest(list);
  let subject: Subject = { kind: "ink" };
  let found: Found | null = null;
  let symbols: Detection[] = []; // above the threshold, in reading order
  let lit: Detection | null = null;
  let moved = false; // the slider has been

  const sheet = new Sheet(byId("formulas-sheet"), {
    pen: PEN,
    changed(writing) {
      refresh();
      root.toggleAttribute("data-empty", !sheet.strokes.length);
      if (!writing) table.forget();
      read();
    },
  });
  const table = new ModelTable(byId("formulas-models"), shipped, {
    id: "formulas",
    figure: { title: "AP50", metric: "ap50", digits: 1 },
    language: "en",
    chosen() {
      suggestThreshold();
      read();
    },
    compare,
  });
  const refresh = connectKeys(root, sheet);
  slider.addEventListener("input", () => {
    moved = true;
    show();
  });
  chooser.addEventListener("change", () => {
    if (chooser.files?.[0]) lookAt(chooser.files[0]);
    chooser.value = ""; // so that the same file can be chosen again
  });
  byId("choose-photo").addEventListener("click", () => chooser.click());
  byId("use-camera").addEventListener("click", useCamera);
  byId("take-picture").addEventListener("click", takePicture);
  byId("back-to-sheet").addEventListener("click", () => turnTo({ kind: "ink" }));
  byId("copy-latex").addEventListener("click", () => void notices.copy(symbols.map(nameOf).join(" ")));
  byId("copy-signs").addEventListener(
    "click",
    () => void notices.copy(symbols.map((one) => sign(nameOf(one))).join("")),
  );
  connectDrop();
  new ResizeObserver(() => draw()).observe(layer);
  photo.addEventListener("load", () => draw());
  turnTo({ kind: "ink" });
  root.toggleAttribute("data-empty", true);
  refresh();
  tell(table.variant);

  return {
    sheet,
    shown(visible) {
      if (visible) {
        void notices.watch(engine.load(table.variant));
        draw();
      } else if (camera.running) turnTo({ kind: "ink" });
    },
  };

  /** Sets the slider to what suits ink or pictures, unless it has been moved. */
  function suggestThreshold(): void {
    const forInk = table.variant.metrics["threshold"] ?? PHOTO_THRESHOLD;
    if (!moved) slider.value = String(subject.kind === "ink" ? forInk : PHOTO_THRESHOLD);
  }

  function turnTo(next: Subject): void {
    subject = next;
    if (next.kind !== "camera") camera.stop();
    if (photo.src) URL.revokeObjectURL(photo.src);
    photo.removeAttribute("src");
    photo.hidden = next.kind !== "photo";
    if (next.kind === "photo") photo.src = URL.createObjectURL(next.file);
    root.dataset["subject"] = next.kind;
    found = null;
    table.forget();
    suggestThreshold();
    show();
    read();
  }

  function lookAt(file: Blob): void {
    turnTo({ kind: "photo", file });
  }

  /** What the recogniser is to look at now; null if there is nothing. */
  async function inkOfNow(): Promise<FormulaInk | null> {
    if (subject.kind === "photo") return { photo: subject.file };
    if (subject.kind === "ink") return sheet.strokes.length ? { strokes: sheet.strokes } : null;
    const picture = await camera.picture();
    return picture && { photo: picture };
  }

  /** What a variant finds; null if there is nothing to look at, or if it fails. */
  async function readWith(variant: Variant): Promise<Found | null> {
    const ink = await inkOfNow();
    // Loading is no part of the time that a reading takes.
    if (!ink || (await notices.watch(engine.load(variant))) === null) return null;
    const reading = await notices.watch(engine.readFormula(variant, ink, shipped.frame));
    return reading && { ink, reading };
  }

  function read(): void {
    latest.run(async () => {
      const [variant, about] = [table.variant, subject];
      const now = await readWith(variant);
      if (about !== subject) return;
      found = now;
      if (now) report(variant, now);
      if (now && about.kind === "photo" && !now.reading.placement) notices.say("There is no ink in this photo.");
      tell(variant, now?.reading);
      show();
      if (about.kind === "camera") requestAnimationFrame(read);
    });
  }

  function compare(): void {
    latest.run(async () => {
      for (const variant of shipped.variants) {
        const now = await readWith(variant);
        if (now) report(variant, now);
      }
    });
  }

  /** What counts as a symbol: a place that is sure enough, and of ink, that strokes were given to. */
  function symbolsOf({ ink, reading: { detections, placement } }: Found): Detection[] {
    const [all, least] = [places(detections), Number(slider.value)];
    if ("strokes" in ink && placement) return segment(ink.strokes, placement, all, least);
    return all.filter(({ score }) => score >= least);
  }

  function report(variant: Variant, now: Found): void {
    const { timing } = now.reading;
    const count = symbolsOf(now).length;
    table.show(variant, timing.prepare + timing.run, count === 1 ? "1 symbol" : `${count} symbols`);
  }

  function tell(variant: Variant, reading?: FormulaReading): void {
    const took = reading ? ` · ${milliseconds(reading.timing.prepare + reading.timing.run)}` : "";
    summary.textContent = `${variant.name} · ${megabytes(variant.bytes)}${took}`;
  }

  /** Brings boxes and list up to date with what was found and with the slider. */
  function show(): void {
    byId("threshold-value").textContent = percent(Number(slider.value));
    const before = symbols.map(nameOf).join(" ");
    symbols = readingOrder(found ? symbolsOf(found) : []);
    lit = null;
    list.replaceChildren(...symbols.map(createChip));
    byId("no-symbols").hidden = symbols.length > 0;
    const now = symbols.map(nameOf).join(" ");
    if (now !== before && subject.kind !== "camera") notices.whisper(now ? `Found ${now}` : "");
    draw();
  }

  function draw(): void {
    const placement = found?.reading.placement;
    if (!placement || !layer.clientWidth) return void clearLayer(layer);
    const labelled = symbols.map((detection) => ({ detection, name: sign(nameOf(detection)) }));
    drawBoxes(layer, labelled, placement, view(), lit);
  }

  function view(): View {
    if (subject.kind === "ink") return sheet.view;
    const picture: Size | null = subject.kind === "camera" ? camera.size : naturalSize(photo);
    return contain(sizeOf(layer), picture ?? sizeOf(layer));
  }

  function nameOf({ label }: Detection): string {
    return shipped.classes[label]!;
  }

  /** The scores of a place's names add up, with rounding to more than all. */
  function sureness({ score }: Detection): string {
    return percent(Math.min(score, 1));
  }

  function createChip(detection: Detection): HTMLElement {
    const name = nameOf(detection);
    const chip = create(
      "button",
      { type: "button", class: "chip", title: `${name}: copy` },
      create("span", { class: "sign" }, sign(name)),
      " ",
      create("span", { class: "share" }, sureness(detection)),
    );
    const light = (value: Detection | null) => (): void => {
      lit = value;
      draw();
    };
    chip.addEventListener("pointerenter", light(detection));
    chip.addEventListener("focus", light(detection));
    chip.addEventListener("pointerleave", light(null));
    chip.addEventListener("blur", light(null));
    chip.addEventListener("click", () => void notices.copy(name));
    return create("li", {}, chip);
  }

  async function useCamera(): Promise<void> {
    turnTo({ kind: "ink" });
    await notices.watch(camera.start(), "camera");
    if (root.hidden)
      camera.stop(); // who was asked has gone on
    else if (camera.running) turnTo({ kind: "camera" });
  }

  /** Keeps what the camera sees. */
  async function takePicture(): Promise<void> {
    const picture = await camera.picture();
    if (!picture) return;
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d")!.drawImage(picture, 0, 0);
    picture.close();
    lookAt(await canvas.convertToBlob({ type: "image/png" }));
  }

  /** Files that are dropped on the page or pasted into it. */
  function connectDrop(): void {
    const take = (files?: FileList): void => {
      if (files?.[0] && !root.hidden) lookAt(files[0]);
    };
    const holdsFiles = ({ dataTransfer }: DragEvent): boolean => !!dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault(); // or the browser would leave the page for the file
      root.classList.add("dropping");
    });
    document.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!relatedTarget) root.classList.remove("dropping"); // else only from one element to the next
    });
    document.addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      root.classList.remove("dropping");
      take(event.dataTransfer?.files);
    });
    document.addEventListener("paste", ({ clipboardData }) => take(clipboardData?.files));
  }
}

/** Of a photo that has been decoded; null before. */
function naturalSize({ naturalWidth, naturalHeight }: HTMLImageElement): Size | null {
  return naturalWidth ? { width: naturalWidth, height: naturalHeight } : null;
}
