/** What was found: the formulas, a button for each symbol with sign and confidence, and buttons that copy it all. */
import { byId, create, percent } from "../dom.ts";
import type { Detection } from "../engine/protocol.ts";
import type { Placement } from "../ink/canvas.ts";
import { parse } from "../structure/parsing.ts";
import { latex, mathml } from "../structure/writing.ts";
import { sign } from "../symbols.ts";
import type { Notices } from "./notices.ts";

/** A symbol of the formula and its LaTeX name. */
export interface NamedSymbol {
  readonly detection: Detection;
  readonly name: string;
}

/** The symbols of a formula, in reading order, and where the detector's canvas lies on the subject. */
export interface NamedFormula {
  readonly symbols: readonly NamedSymbol[];
  readonly placement: Placement;
}

export class SymbolList {
  readonly root = byId("symbols");
  private readonly notices: Notices;
  private readonly pointed: (symbol: Detection | null) => void;
  private readonly formula = byId("formula");
  private names: readonly (readonly string[])[] = [];
  private text = "";

  /** `pointed` is called with the symbol that the user points at, and with null when the pointer leaves it. */
  constructor(notices: Notices, pointed: (symbol: Detection | null) => void) {
    this.notices = notices;
    this.pointed = pointed;
    byId("copy-latex").addEventListener("click", () => void notices.copy(this.latex));
    byId("copy-signs").addEventListener("click", () => void notices.copy(this.signs));
  }

  private get signs(): string {
    return this.names.map((names) => names.map(sign).join("")).join("\n");
  }

  /** The LaTeX of the formulas, one per line. */
  get latex(): string {
    return this.text;
  }

  /** Replaces the formulas, and the list by all their symbols. */
  show(formulas: readonly NamedFormula[]): void {
    this.names = formulas.map(({ symbols }) => symbols.map(({ name }) => name));
    const trees = formulas.map(({ symbols }, i) =>
      parse(
        this.names[i]!,
        symbols.map(({ detection }) => detection),
      ),
    );
    const symbols = formulas.flatMap((formula) => formula.symbols);
    this.text = trees.map(latex).join("\n");
    this.formula.innerHTML = trees.map((tree) => `<div>${mathml(tree)}</div>`).join("");
    this.formula.hidden = !symbols.length;
    this.root.replaceChildren(...symbols.map((symbol) => create("li", {}, this.createChip(symbol))));
    byId("no-symbols").hidden = symbols.length > 0;
  }

  private createChip({ detection, name }: NamedSymbol): HTMLElement {
    const chip = create(
      "button",
      { type: "button", class: "chip", title: `${name}: copy` },
      create("span", { class: "sign" }, sign(name)),
      " ",
      create("span", { class: "share" }, percent(Math.min(detection.score, 1))), // sums of scores may round above 1
    );
    for (const event of ["pointerenter", "focus"]) chip.addEventListener(event, () => this.pointed(detection));
    for (const event of ["pointerleave", "blur"]) chip.addEventListener(event, () => this.pointed(null));
    chip.addEventListener("click", () => void this.notices.copy(name));
    return chip;
  }
}
