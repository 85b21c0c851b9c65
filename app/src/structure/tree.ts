/** `pipeline/structure/tree.py` in TypeScript: symbol layout trees. */

export type Relation = "sup" | "sub" | "above" | "below" | "inside" | "index";

/** A symbol, by its place among those that were parsed, and the rows around it. */
export interface Node extends Readonly<Record<Relation, Row>> {
  readonly symbol: number;
  readonly label: string;
}

export type Row = readonly Node[];

export const BAR = "-";
export const RADICAL = "\\sqrt";
export const LIMITS: ReadonlySet<string> = new Set(["\\sum", "\\int", "\\lim"]);

const NOTHING: Readonly<Record<Relation, Row>> = { sup: [], sub: [], above: [], below: [], inside: [], index: [] };

/** A symbol with nothing around it. */
export function leaf(symbol: number, label: string): Node {
  return { symbol, label, ...NOTHING };
}

export const RELATIONS = Object.keys(NOTHING) as readonly Relation[];

/** Whether anything is written around a symbol. */
export function holds(node: Node): boolean {
  return RELATIONS.some((relation) => node[relation].length > 0);
}
