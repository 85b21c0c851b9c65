/** The table of variants: which one reads, its size and accuracy, and its reading of the ink that is there. */
import type { Normalisation, Recogniser, Variant } from "../catalogue.ts";
import { create, megabytes, milliseconds, percent, settings } from "../dom.ts";
import type { Timing } from "../engine/protocol.ts";

/** A metric of the pipeline's test part that a column shows. */
export interface Figure {
  readonly title: string;
  readonly metric: string;
  readonly digits: number;
}

export interface ModelTableOptions {
  /** Names the recogniser in element ids and settings. */
  readonly id: string;
  readonly figure: Figure;
  /** Language of the readings. */
  readonly language: "zh-Hans" | "en";
  /** Shows the variant that reads, its size and the time of its last reading. */
  readonly summary: HTMLElement;
  /** Called when the user has chosen another variant. */
  chosen(): void;
  /** Called when every variant shall read the ink that is there. */
  compare(): void;
}

interface Row {
  readonly radio: HTMLInputElement;
  readonly time: HTMLElement;
  readonly reading: HTMLElement;
}

export class ModelTable {
  private readonly recogniser: Recogniser<Normalisation>;
  private readonly options: ModelTableOptions;
  private readonly rows = new Map<string, Row>();

  constructor(root: HTMLElement, recogniser: Recogniser<Normalisation>, options: ModelTableOptions) {
    this.recogniser = recogniser;
    this.options = options;
    const heads = ["Variant", "Size", options.figure.title, "Here", "Reads"];
    const head = create("tr", {}, ...heads.map((text) => create("th", { scope: "col" }, text)));
    const body = recogniser.variants.map((variant) => this.createRow(variant));
    const button = create("button", { type: "button", class: "quiet" }, "Read with all variants");
    button.addEventListener("click", () => options.compare());
    root.replaceChildren(
      create("p", { class: "network" }, `${recogniser.network}, ${recogniser.classes.length} classes`),
      create("table", {}, create("thead", {}, head), create("tbody", {}, ...body)),
      button,
    );
  }

  /** The variant that the user has chosen. */
  get variant(): Variant {
    return this.recogniser.variants.find(({ name }) => this.rows.get(name)!.radio.checked)!;
  }

  /** Shows the reading of a variant and its time. */
  show(variant: Variant, timing: Timing, reading: string): void {
    const row = this.rows.get(variant.name)!;
    row.time.textContent = timeOf(timing);
    row.reading.textContent = reading;
  }

  /** Updates the summary; `timing` is that of the last reading, if this ink has been read. */
  summarise(variant: Variant, timing?: Timing): void {
    const time = timing ? ` · ${timeOf(timing)}` : "";
    this.options.summary.textContent = `${variant.name} · ${megabytes(variant.bytes)}${time}`;
  }

  /** Removes the readings: the ink has changed. */
  forget(): void {
    for (const { reading } of this.rows.values()) reading.textContent = "";
  }

  private createRow(variant: Variant): HTMLElement {
    const { id, figure, language } = this.options;
    const key = `${id}-variant`;
    const radio = create("input", { type: "radio", name: key, id: `${key}-${variant.name}`, value: variant.name });
    const known = this.recogniser.variants.some(({ name }) => name === settings.get(key));
    radio.checked = variant.name === (known ? settings.get(key) : this.recogniser.preferred);
    radio.addEventListener("change", () => {
      settings.set(key, variant.name);
      this.options.chosen();
    });
    const [time, reading] = [create("td", { class: "figure" }), create("td", { class: "reading", lang: language })];
    this.rows.set(variant.name, { radio, time, reading });
    return create(
      "tr",
      {},
      create("th", { scope: "row" }, radio, create("label", { for: radio.id }, variant.name)),
      create("td", { class: "figure" }, megabytes(variant.bytes)),
      create("td", { class: "figure" }, percent(variant.metrics[figure.metric]!, figure.digits)),
      time,
      reading,
    );
  }
}

function timeOf({ prepare, run }: Timing): string {
  return milliseconds(prepare + run);
}
