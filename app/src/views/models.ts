/** The table of variants: which one reads, what each costs, and what each reads the same ink as. */
import type { Shipped, Variant } from "../catalogue.ts";
import { create, megabytes, milliseconds, percent, settings } from "../dom.ts";

/** A figure of the pipeline's test part that a column shows. */
export interface Figure {
  readonly title: string;
  readonly metric: string;
  readonly digits: number;
}

export interface ModelTableOptions {
  /** Names the recogniser, in element ids and settings. */
  readonly id: string;
  readonly figure: Figure;
  /** What readings are written in. */
  readonly language: "zh-Hans" | "en";
  /** Another variant was chosen. */
  chosen(): void;
  /** Every variant is to read the ink that is there. */
  compare(): void;
}

interface Row {
  readonly radio: HTMLInputElement;
  readonly time: HTMLElement;
  readonly reading: HTMLElement;
}

export class ModelTable {
  private readonly shipped: Shipped;
  private readonly options: ModelTableOptions;
  private readonly rows = new Map<string, Row>();

  constructor(root: HTMLElement, shipped: Shipped, options: ModelTableOptions) {
    this.shipped = shipped;
    this.options = options;
    const heads = ["Variant", "Size", options.figure.title, "Here", "Reads"];
    const head = create("tr", {}, ...heads.map((text) => create("th", { scope: "col" }, text)));
    const body = shipped.variants.map((variant) => this.createRow(variant));
    const button = create("button", { type: "button", class: "quiet" }, "Read this with all");
    button.addEventListener("click", () => options.compare());
    root.replaceChildren(
      create("p", { class: "network" }, `${shipped.network}, ${shipped.classes.length} classes`),
      create("table", {}, create("thead", {}, head), create("tbody", {}, ...body)),
      button,
    );
  }

  /** The variant that reads. */
  get variant(): Variant {
    return this.shipped.variants.find(({ name }) => this.rows.get(name)!.radio.checked)!;
  }

  /** Tells what a variant took for the ink of now, and what for. */
  show(variant: Variant, took: number, reading: string): void {
    const row = this.rows.get(variant.name)!;
    row.time.textContent = milliseconds(took);
    row.reading.textContent = reading;
  }

  /** The ink has changed: what was read before is of other ink. */
  forget(): void {
    for (const { reading } of this.rows.values()) reading.textContent = "";
  }

  private createRow(variant: Variant): HTMLElement {
    const { id, figure, language } = this.options;
    const key = `${id}-variant`;
    const radio = create("input", { type: "radio", name: key, id: `${key}-${variant.name}`, value: variant.name });
    const known = this.shipped.variants.some(({ name }) => name === settings.get(key));
    radio.checked = variant.name === (known ? settings.get(key) : this.shipped.preferred);
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
