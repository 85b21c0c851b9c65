/** What was found: the formula, a button for each symbol with sign and confidence, and buttons that copy it all. */
import { byId, create, percent } from "../dom.ts";
import type { Detection } from "../engine/protocol.ts";
import { parse } from "../structure/parsing.ts";
import { latex, mathml } from "../structure/writing.ts";
import { sign } from "../symbols.ts";
import type { Notices } from "./notices.ts";

/** A symbol of the formula and its LaTeX name. */
export interface NamedSymbol {
  readonly detection: Detection;
  readonly name: string;
}

export class SymbolList {
  readonly root = byId("symbols");
  private readonly notices: Notices;
  private readonly pointed: (symbol: Detection | null) => void;
  private readonly formula = byId("formula");
  private names: readonly string[] = [];
  private text = "";

  /** `pointed` is called with the symbol that the user points at, and with null when the pointer leaves it. */
  constructor(notices: Notices, pointed: (symbol: Detection | null) => void) {
    this.notices = notices;
    this.pointed = pointed;
    byId("copy-latex").addEventListener("click", () => void notices.copy(this.latex));
    byId("copy-signs").addEventListener("click", () => void notices.copy(this.names.map(sign).join("")));
  }

  /** The LaTeX of the formula. */
  get latex(): string {
    return this.text;
  }

  /** Replaces the list by symbols in reading order, and the formula by theirs. */
  show(symbols: readonly NamedSymbol[]): void {
    this.names = symbols.map(({ name }) => name);
    const boxes = symbols.map(({ detection }) => detection);
    const tree = parse(this.names, boxes);
    this.text = latex(tree);
    this.formula.innerHTML = symbols.length ? mathml(tree) : "";
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
