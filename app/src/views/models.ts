/** The table of models: which one reads, its size and accuracy, and its reading of the ink that is there. */
import type { Normalisation, Origin, Recogniser, Variant } from "../catalogue.ts";
import { create, megabytes, milliseconds, percent, settings } from "../dom.ts";
import type { Timing } from "../engine/protocol.ts";

/** A metric of the pipeline's test part that a column shows. */
export interface Figure {
  readonly title: string;
  readonly metric: string;
  readonly digits: number;
}

/** A recogniser and the variant of it that reads. */
export interface Model<N extends Normalisation> {
  readonly recogniser: Recogniser<N>;
  readonly variant: Variant;
}

export interface ModelTableOptions {
  /** Names the kind of recognisers in element ids and settings. */
  readonly id: string;
  readonly figure: Figure;
  /** Language of the readings. */
  readonly language: "zh-Hans" | "en";
  /** Shows the variant that reads, its size and the time of its last reading. */
  readonly summary: HTMLElement;
  /** Called when the user has chosen another model. */
  chosen(): void;
  /** Called when every model shall read the ink that is there. */
  compare(): void;
}

const ORIGINS: Readonly<Record<Origin, string>> = { released: "Released", trained: "Trained here" };

interface Row<N extends Normalisation> {
  readonly model: Model<N>;
  readonly radio: HTMLInputElement;
  readonly time: HTMLElement;
  readonly reading: HTMLElement;
}

export class ModelTable<N extends Normalisation> {
  private readonly options: ModelTableOptions;
  private readonly rows: Row<N>[] = [];

  /** @param recognisers at least one; the page reads with the first one until the user chooses another. */
  constructor(root: HTMLElement, recognisers: readonly Recogniser<N>[], options: ModelTableOptions) {
    this.options = options;
    const heads = ["Variant", "Size", options.figure.title, "Here", "Reads"];
    const head = create("tr", {}, ...heads.map((text) => create("th", { scope: "col" }, text)));
    const groups = recognisers.map((recogniser) => this.createGroup(recogniser));
    const button = create("button", { type: "button", class: "quiet" }, "Read with all variants");
    button.addEventListener("click", () => options.compare());
    root.replaceChildren(create("table", {}, create("thead", {}, head), ...groups), button);
    const kept = this.rows.find(({ radio }) => radio.value === settings.get(this.key));
    const { variants, preferred } = recognisers[0]!;
    (kept ?? this.rows[variants.findIndex(({ name }) => name === preferred)]!).radio.checked = true;
  }

  /** The model that the user has chosen. */
  get model(): Model<N> {
    return this.rows.find(({ radio }) => radio.checked)!.model;
  }

  /** All models, in the order of the table. */
  get models(): readonly Model<N>[] {
    return this.rows.map(({ model }) => model);
  }

  /** Shows the reading of a model and its time. */
  show({ variant }: Model<N>, timing: Timing, reading: string): void {
    const row = this.rows.find(({ model }) => model.variant === variant)!;
    row.time.textContent = timeOf(timing);
    row.reading.textContent = reading;
  }

  /** Updates the summary; `timing` is that of the last reading, if this ink has been read. */
  summarise({ recogniser, variant }: Model<N>, timing?: Timing): void {
    const origin = recogniser.origin === "released" ? "released · " : "";
    const time = timing ? ` · ${timeOf(timing)}` : "";
    this.options.summary.textContent = `${origin}${variant.name} · ${megabytes(variant.bytes)}${time}`;
  }

  /** Removes the readings: the ink has changed. */
  forget(): void {
    for (const { reading } of this.rows) reading.textContent = "";
  }

  private get key(): string {
    return `${this.options.id}-variant`;
  }

  private createGroup(recogniser: Recogniser<N>): HTMLElement {
    const { origin, network, classes, variants } = recogniser;
    const text = `${ORIGINS[origin]}: ${network}, ${classes.length} classes`;
    const title = create("th", { scope: "rowgroup", colspan: "5", class: "network" }, text);
    return create(
      "tbody",
      {},
      create("tr", {}, title),
      ...variants.map((variant) => this.createRow({ recogniser, variant })),
    );
  }

  private createRow(model: Model<N>): HTMLElement {
    const { recogniser, variant } = model;
    const { figure, language } = this.options;
    const value = `${recogniser.origin}-${variant.name}`;
    const radio = create("input", { type: "radio", name: this.key, id: `${this.key}-${value}`, value });
    radio.addEventListener("change", () => {
      settings.set(this.key, value);
      this.options.chosen();
    });
    const [time, reading] = [create("td", { class: "figure" }), create("td", { class: "reading", lang: language })];
    this.rows.push({ model, radio, time, reading });
    const measured = variant.metrics[figure.metric];
    return create(
      "tr",
      {},
      create("th", { scope: "row" }, radio, create("label", { for: radio.id }, variant.name)),
      create("td", { class: "figure" }, megabytes(variant.bytes)),
      create("td", { class: "figure" }, measured === undefined ? "" : percent(measured, figure.digits)),
      time,
      reading,
    );
  }
}

function timeOf({ prepare, run }: Timing): string {
  return milliseconds(prepare + run);
}
