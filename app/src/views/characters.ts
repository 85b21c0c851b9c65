/** The page of characters: a sheet, ten candidates, a line of text. */
import type { Shipped, Variant } from "../catalogue.ts";
import { byId, create, megabytes, milliseconds, percent } from "../dom.ts";
import { type Engine, Latest } from "../engine/engine.ts";
import type { Candidate, CharacterReading } from "../engine/protocol.ts";
import { Sheet } from "../pen/sheet.ts";
import { connectKeys } from "./keys.ts";
import { ModelTable } from "./models.ts";
import type { Notices } from "./notices.ts";

const CANDIDATES = 10;
const PEN = 0.04; // of the sheet; the recogniser makes its own of the strokes

export function startCharacters(engine: Engine, shipped: Shipped, notices: Notices): Sheet {
  const root = byId("characters-room");
  const text = byId<HTMLInputElement>("text");
  const summary = byId("characters-summary");
  const list = byId("candidates");
  const latest = new Latest(list);
  const buttons = createCandidates(list);
  let shown: readonly Candidate[] = [];

  const sheet = new Sheet(byId("characters-sheet"), {
    pen: PEN,
    changed(writing) {
      refresh();
      if (!writing) read();
    },
  });
  const table = new ModelTable(byId("characters-models"), shipped, {
    id: "characters",
    figure: { title: "Top-1", metric: "top1", digits: 2 },
    language: "zh-Hans",
    chosen: read,
    compare,
  });
  const refresh = connectKeys(root, sheet, (key) => {
    const index = key === "Enter" ? 0 : "1234567890".indexOf(key);
    // The Enter of a button is the button's own.
    if (index < 0 || (key === "Enter" && document.activeElement?.matches("button, input, summary, a"))) return false;
    pick(index);
    return true;
  });
  buttons.forEach((button, index) => button.addEventListener("click", () => pick(index)));
  byId("copy-text").addEventListener("click", () => void notices.copy(text.value));
  byId("erase").addEventListener("click", erase);
  refresh();
  show([]);
  tell(table.variant);
  void notices.watch(engine.load(table.variant).then(() => performance.mark("recogniser ready")));
  return sheet;

  /** Reads the ink of now with the chosen variant. */
  function read(): void {
    table.forget();
    tell(table.variant);
    if (!sheet.history.strokes.length) show([]);
    latest.run(async () => {
      const variant = table.variant;
      const reading = await readWith(variant);
      if (!reading) return;
      show(reading.candidates);
      report(variant, reading);
      tell(variant, reading);
    });
  }

  function compare(): void {
    latest.run(async () => {
      for (const variant of shipped.variants) {
        const reading = await readWith(variant);
        if (reading) report(variant, reading);
      }
    });
  }

  /** What the strokes are read as; null if there are none, if they have changed meanwhile, or if it fails. */
  async function readWith(variant: Variant): Promise<CharacterReading | null> {
    const { strokes } = sheet.history;
    if (!strokes.length) return null;
    // Loading is no part of the time that a reading takes.
    if ((await notices.watch(engine.load(variant))) === null) return null;
    const reading = await notices.watch(engine.readCharacter(variant, { strokes, side: sheet.side }));
    return strokes === sheet.history.strokes ? reading : null;
  }

  function report(variant: Variant, { candidates, timing }: CharacterReading): void {
    const first = candidates[0];
    const reading = first ? `${shipped.classes[first.label]} ${percent(first.probability)}` : "";
    table.show(variant, timing.prepare + timing.run, reading);
  }

  function tell(variant: Variant, reading?: CharacterReading): void {
    const took = reading ? ` · ${milliseconds(reading.timing.prepare + reading.timing.run)}` : "";
    summary.textContent = `${variant.name} · ${megabytes(variant.bytes)}${took}`;
  }

  function show(candidates: readonly Candidate[]): void {
    shown = candidates;
    buttons.forEach((button, index) => {
      const candidate = candidates[index];
      const char = candidate ? shipped.classes[candidate.label]! : "";
      const share = candidate ? percent(candidate.probability) : "";
      button.disabled = !candidate;
      button.querySelector(".char")!.textContent = char;
      button.querySelector(".share")!.textContent = share;
      button.setAttribute("aria-label", candidate ? `${char}, ${share}` : `candidate ${index + 1}: none`);
    });
    if (candidates.length) notices.whisper(`Read as ${shipped.classes[candidates[0]!.label]}.`);
  }

  /** Puts a candidate into the line of text and takes a new sheet; the old one is an undo away. */
  function pick(index: number): void {
    const candidate = shown[index];
    if (!candidate) return;
    text.setRangeText(shipped.classes[candidate.label]!, text.selectionStart!, text.selectionEnd!, "end");
    text.scrollLeft = text.scrollWidth;
    sheet.clear();
  }

  /** Takes away what is selected, or the character before the cursor. */
  function erase(): void {
    const [start, end] = [text.selectionStart!, text.selectionEnd!];
    const before = Array.from(text.value.slice(0, start)).at(-1) ?? ""; // a character may be two units long
    text.setRangeText("", start === end ? start - before.length : start, end, "end");
  }
}

function createCandidates(list: HTMLElement): HTMLButtonElement[] {
  const buttons = Array.from({ length: CANDIDATES }, (_, index) =>
    create(
      "button",
      { type: "button", class: "candidate", "data-key": String((index + 1) % 10) },
      create("span", { class: "char", lang: "zh-Hans" }),
      create("span", { class: "share" }),
    ),
  );
  list.replaceChildren(...buttons.map((button) => create("li", {}, button)));
  return buttons;
}
