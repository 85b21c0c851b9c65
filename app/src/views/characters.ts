/** The page of characters: a sheet, ten candidates, a line of text. */
import type { CharacterRecogniser, Variant } from "../catalogue.ts";
import { byId, percent } from "../dom.ts";
import type { Engine } from "../engine/engine.ts";
import type { CharacterReading } from "../engine/protocol.ts";
import { Sheet } from "../pen/sheet.ts";
import { CandidateList } from "./candidates.ts";
import { connectKeys } from "./keys.ts";
import { Latest } from "./latest.ts";
import { ModelTable } from "./models.ts";
import type { Notices } from "./notices.ts";

const PEN = 0.04; // of the sheet's shorter edge; the recogniser draws the strokes with a pen of its own
const KEYS = "1234567890"; // of the candidates

export class CharacterPage {
  readonly sheet: Sheet;
  private readonly engine: Engine;
  private readonly recogniser: CharacterRecogniser;
  private readonly notices: Notices;
  private readonly text = byId<HTMLInputElement>("text");
  private readonly candidates: CandidateList;
  private readonly latest: Latest;
  private readonly table: ModelTable;

  constructor(engine: Engine, recogniser: CharacterRecogniser, notices: Notices) {
    this.engine = engine;
    this.recogniser = recogniser;
    this.notices = notices;
    this.candidates = new CandidateList(recogniser.classes, (place) => this.pick(place));
    this.latest = new Latest(this.candidates.root);
    this.table = new ModelTable(byId("characters-models"), recogniser, {
      id: "characters",
      figure: { title: "Top-1", metric: "top1", digits: 2 },
      language: "zh-Hans",
      summary: byId("characters-summary"),
      chosen: () => this.read(),
      compare: () => this.compare(),
    });
    this.sheet = new Sheet(byId("characters-sheet"), {
      pen: PEN,
      changed: (writing) => {
        refreshTools();
        if (!writing) this.read();
      },
    });
    const refreshTools = connectKeys(byId("characters-room"), this.sheet, (key) => this.press(key));
    refreshTools();
    byId("copy-text").addEventListener("click", () => void notices.copy(this.text.value));
    byId("erase").addEventListener("click", () => this.erase());
    const { variant } = this.table;
    this.table.summarise(variant);
    void notices.watch(this.load(variant).then(() => performance.mark("recogniser ready")));
  }

  /** Reads the ink that is there with the chosen variant. */
  private read(): void {
    this.table.forget();
    this.table.summarise(this.table.variant);
    if (!this.sheet.history.strokes.length) this.candidates.show([]);
    this.latest.run(async () => {
      const { variant } = this.table;
      const reading = await this.readWith(variant);
      if (!reading) return;
      this.candidates.show(reading.candidates);
      const first = this.candidates.char(0);
      if (first) this.notices.whisper(`Read as ${first}.`);
      this.report(variant, reading);
      this.table.summarise(variant, reading.timing);
    });
  }

  private compare(): void {
    this.latest.run(async () => {
      for (const variant of this.recogniser.variants) {
        const reading = await this.readWith(variant);
        if (reading) this.report(variant, reading);
      }
    });
  }

  private load(variant: Variant): Promise<number> {
    return this.engine.load(variant, this.recogniser.normalisation);
  }

  /** The reading of a variant; null if there are no strokes, if they have changed meanwhile, or if it fails. */
  private async readWith(variant: Variant): Promise<CharacterReading | null> {
    const { strokes } = this.sheet.history;
    if (!strokes.length) return null;
    // Load first: the time of a reading does not include it.
    if ((await this.notices.watch(this.load(variant))) === null) return null;
    const ink = { strokes, side: this.sheet.side };
    const reading = this.engine.readCharacter(variant, this.recogniser.normalisation, ink);
    const done = await this.notices.watch(reading);
    return strokes === this.sheet.history.strokes ? done : null;
  }

  private report(variant: Variant, reading: CharacterReading): void {
    const first = reading.candidates[0];
    const text = first ? `${this.recogniser.classes[first.label]} ${percent(first.probability)}` : "";
    this.table.show(variant, reading.timing, text);
  }

  /** Acts on a key of this page; returns whether it is one. */
  private press(key: string): boolean {
    const place = key === "Enter" ? 0 : KEYS.indexOf(key);
    // Enter on a focused button presses that button.
    if (place < 0 || (key === "Enter" && document.activeElement?.matches("button, input, summary, a"))) return false;
    this.pick(place);
    return true;
  }

  /** Adds a candidate to the line of text and clears the sheet; undo brings the ink back. */
  private pick(place: number): void {
    const char = this.candidates.char(place);
    if (!char) return;
    this.text.setRangeText(char, this.text.selectionStart!, this.text.selectionEnd!, "end");
    this.text.scrollLeft = this.text.scrollWidth;
    this.sheet.clear();
  }

  /** Removes the selected text, or the character before the cursor. */
  private erase(): void {
    const [start, end] = [this.text.selectionStart!, this.text.selectionEnd!];
    const before = Array.from(this.text.value.slice(0, start)).at(-1) ?? ""; // a character may take two code units
    this.text.setRangeText("", start === end ? start - before.length : start, end, "end");
  }
}
