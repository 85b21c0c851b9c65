/** The page of characters: a sheet, ten candidates, a line of text. */
import type { CharacterNormalisation, CharacterRecogniser } from "../catalogue.ts";
import { byId, percent } from "../dom.ts";
import type { Engine } from "../engine/engine.ts";
import type { CharacterReading } from "../engine/protocol.ts";
import { Sheet } from "../pen/sheet.ts";
import { CandidateList } from "./candidates.ts";
import { connectKeys } from "./keys.ts";
import { Latest } from "./latest.ts";
import { type Model, ModelTable } from "./models.ts";
import type { Notices } from "./notices.ts";

const PEN = 0.04; // of the sheet's shorter edge; the recogniser draws the strokes with a pen of its own
const KEYS = "1234567890"; // of the candidates

type CharacterModel = Model<CharacterNormalisation>;

export class CharacterPage {
  readonly sheet: Sheet;
  private readonly engine: Engine;
  private readonly notices: Notices;
  private readonly text = byId<HTMLInputElement>("text");
  private readonly candidates: CandidateList;
  private readonly latest: Latest;
  private readonly table: ModelTable<CharacterNormalisation>;

  constructor(engine: Engine, recognisers: readonly CharacterRecogniser[], notices: Notices) {
    this.engine = engine;
    this.notices = notices;
    this.candidates = new CandidateList((place) => this.pick(place));
    this.latest = new Latest(this.candidates.root);
    this.table = new ModelTable(byId("characters-models"), recognisers, {
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
    const { model } = this.table;
    this.table.summarise(model);
    void notices.watch(this.load(model).then(() => performance.mark("recogniser ready")));
  }

  /** Reads the ink that is there with the chosen model. */
  private read(): void {
    this.table.forget();
    this.table.summarise(this.table.model);
    if (!this.sheet.history.strokes.length) this.candidates.clear();
    this.latest.run(async () => {
      const { model } = this.table;
      const reading = await this.readWith(model);
      if (!reading) return;
      this.candidates.show(reading.candidates, model.recogniser);
      const first = this.candidates.char(0);
      if (first) this.notices.whisper(this.candidates.sure ? `Read as ${first}.` : `Not sure, perhaps ${first}.`);
      this.report(model, reading);
      this.table.summarise(model, reading.timing);
    });
  }

  private compare(): void {
    this.latest.run(async () => {
      for (const model of this.table.models) {
        const reading = await this.readWith(model);
        if (reading) this.report(model, reading);
      }
    });
  }

  private load({ recogniser, variant }: CharacterModel): Promise<number> {
    return this.engine.load(variant, recogniser.normalisation);
  }

  /** The reading of a model; null if there are no strokes, if they have changed meanwhile, or if it fails. */
  private async readWith(model: CharacterModel): Promise<CharacterReading | null> {
    const { strokes } = this.sheet.history;
    if (!strokes.length) return null;
    // Load first: the time of a reading does not include it.
    if ((await this.notices.watch(this.load(model))) === null) return null;
    const ink = { strokes, side: this.sheet.side };
    const reading = this.engine.readCharacter(model.variant, model.recogniser.normalisation, ink);
    const done = await this.notices.watch(reading);
    return strokes === this.sheet.history.strokes ? done : null;
  }

  private report(model: CharacterModel, reading: CharacterReading): void {
    const first = reading.candidates[0];
    const text = first ? `${model.recogniser.classes[first.label]} ${percent(first.probability)}` : "";
    this.table.show(model, reading.timing, text);
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
