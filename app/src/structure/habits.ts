/** `pipeline/structure/habits.py` in TypeScript: what a formula has shown of its letters. */
import { holds, type Node, RELATIONS, type Row } from "./tree.ts";
import { isLetter, kindOf } from "./usage.ts";

const KNOWN_BASE = 2.5;
const KNOWN_LETTER = -0.5;

type Symbols = Map<string, Set<number>>;

/** Symbols of a reading by their label: all that can have a subscript, and those that have one. */
export interface Habits {
  readonly letters: Symbols;
  readonly bases: Symbols;
}

/** What a reading shows. */
export function habitsOf(row: Row, habits: Habits = { letters: new Map(), bases: new Map() }): Habits {
  for (const node of row) {
    const kind = kindOf(node.label);
    if (isLetter(kind) || kind === "capital" || kind === "greek") {
      add(habits.letters, node);
      if (node.sub.length) add(habits.bases, node);
    }
    if (holds(node)) for (const relation of RELATIONS) habitsOf(node[relation], habits);
  }
  return habits;
}

/** How plausible a subscript of a symbol is by the other symbols with its label. */
export function subscriptOf({ letters, bases }: Habits, node: Node): number {
  if (hasOther(bases, node)) return KNOWN_BASE;
  return hasOther(letters, node) ? KNOWN_LETTER : 0;
}

function add(symbols: Symbols, { label, symbol }: Node): void {
  symbols.set(label, (symbols.get(label) ?? new Set()).add(symbol));
}

function hasOther(symbols: Symbols, { label, symbol }: Node): boolean {
  return [...(symbols.get(label) ?? [])].some((other) => other !== symbol);
}
