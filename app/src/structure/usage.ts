/** `pipeline/structure/usage.py` in TypeScript: what is usual in formulas. Its docstring explains the values. */

const MEMBERS = {
  digit: [..."0123456789"],
  letter: [..."abcfghorstuvwxyz"],
  index: [..."ijklmnpq"],
  differential: [..."d"],
  euler: [..."e"],
  capital: [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  greek: ["\\alpha", "\\beta", "\\gamma", "\\lambda", "\\mu", "\\phi", "\\pi", "\\sigma", "\\theta", "\\Delta"],
  word: ["\\sin", "\\cos", "\\tan", "\\log", "\\lim"],
  operator: ["+", "\\times", "\\div", "\\pm", "/"],
  minus: ["-"],
  relation: ["=", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\in", "\\rightarrow"],
  opening: ["(", "[", "\\{"],
  closing: [")", "]", "\\}"],
  separator: [",", ".", "\\ldots"],
  factorial: ["!"],
  big: ["\\sum", "\\int"],
  bar: ["|"],
  root: ["\\sqrt"],
  prime: ["\\prime"],
};

export type Kind = keyof typeof MEMBERS | "fraction" | "other";
/** Logarithms of how usual each place of a symbol beside another is. */
export type Usual = readonly [right: number, sup: number, sub: number];

type ByParent = Readonly<Partial<Record<Kind, Usual>> & { "": Usual }>;

const KINDS: ReadonlyMap<string, Kind> = new Map(
  Object.entries(MEMBERS).flatMap(([kind, labels]) => labels.map((label) => [label, kind as Kind])),
);
const LETTERS: ReadonlySet<Kind> = new Set(["letter", "index", "differential", "euler"]);
export const DEMANDING: ReadonlySet<Kind> = new Set(["operator", "minus", "relation", "separator"]);
export const WITHOUT_SCRIPTS: ReadonlySet<Kind> = new Set([...DEMANDING, "opening"]);

export const NEVER = -9;
const LETTER: ByParent = {
  digit: [-0.2, -2, -6],
  letter: [-0.3, -2.3, -2.3],
  index: [-0.3, -3, -2.5],
  differential: [-0.05, -5.5, -4],
  euler: [-0.7, -1, -3],
  capital: [-0.8, -2.4, -1],
  greek: [-0.6, -3.2, -1.5],
  closing: [-0.4, -1.2, -5],
  word: [-0.1, -4, -3.5],
  root: [-0.5, -1, NEVER],
  big: [-1, -1, -1],
  "": [0, -3.5, -5],
};
const ONLY_RIGHT: ByParent = { "": [0, NEVER, NEVER] };
const USUAL: Readonly<Record<Kind, ByParent>> = {
  digit: {
    digit: [0, -3, -7],
    letter: [-5, -0.4, -1.2],
    capital: [-5, -0.7, -0.7],
    greek: [-5, -1.5, -0.3],
    closing: [-5, -0.1, -2.5],
    word: [-0.9, -1.6, -0.9],
    bar: [-2, -0.5, -3],
    root: [-1, -1, NEVER],
    big: [-2.5, -0.8, -0.8],
    "": [-0.5, -1.5, -3],
  },
  letter: LETTER,
  index: {
    ...LETTER,
    digit: [-0.2, -1.8, -6],
    letter: [-1.6, -1.9, -0.3],
    index: [-0.5, -2.6, -1.4],
    differential: [-0.3, -4.5, -1.8],
    euler: [-1.5, -0.8, -1.2],
    capital: [-1.5, -2.4, -0.4],
    greek: [-0.9, -3, -0.6],
    closing: [-0.8, -0.7, -5],
    word: [-0.1, -4, -3],
    root: [-0.7, -0.7, NEVER],
  },
  differential: { ...LETTER, letter: [-0.2, -3, -3.5], index: [-0.2, -3.5, -3.5], euler: [-0.3, -2.5, -3.5] },
  euler: { ...LETTER, letter: [-0.5, -3.3, -1.6] },
  capital: {
    digit: [0, -4, -5],
    letter: [-0.3, -2.2, -1.8],
    capital: [-0.3, -2.5, -1.7],
    greek: [-0.5, -2.5, -1.5],
    closing: [-0.2, -1.7, -5],
    big: [-0.7, -1.2, -1.2],
    "": [0, -4, -4],
  },
  greek: {
    digit: [0, -4, -6],
    letter: [-0.3, -2.2, -2.2],
    capital: [-0.5, -2.5, -1],
    big: [-0.7, -1.5, -1.5],
    "": [0, -3.5, -4],
  },
  word: { big: [-0.5, -2.5, -2.5], "": [0, -5, NEVER] },
  operator: { big: [-1.5, -1.5, -3], "": [0, -7, -8] },
  minus: {
    digit: [0, -3, -8],
    euler: [-1, -0.6, -7],
    closing: [-0.1, -2.2, -7],
    big: [-1, -1.5, -1.5],
    "": [0, -3, -7],
  },
  relation: { "": [0, -7, NEVER] },
  opening: { digit: [-0.2, -1.8, -7], euler: [-0.5, -1, -7], "": [0, -4, -7] },
  closing: ONLY_RIGHT,
  separator: ONLY_RIGHT,
  factorial: ONLY_RIGHT,
  big: { "": [-0.2, -2, -6] },
  bar: { digit: [-0.5, -1.5, -7], closing: [-0.5, -1.5, -6], "": [0, -4, -5] },
  root: { big: [-0.5, -2.5, -2.5], "": [0, -3, -5] },
  prime: { "": [-6, 0, NEVER] },
  fraction: {
    digit: [-0.4, -1.2, NEVER],
    letter: [-1, -0.4, -6],
    capital: [-0.3, -1.5, -6],
    greek: [-0.3, -1.5, -6],
    closing: [-3, -0.1, NEVER],
    big: [-0.5, -2.5, -2.5],
    "": [0, -3, -6],
  },
  other: { digit: [0, -3, -6], big: [-3, -0.3, -3], "": [-0.3, -2, -3] },
};
const AFTER_FRACTION: Usual = [0, -4, -7];
type Going = Readonly<Partial<Record<Kind, number>> & { "": number }>;
const GOING_ON: Readonly<Partial<Record<Kind, Going>> & { "": Going }> = {
  digit: { digit: -1.5, closing: 0, "": -3.5 },
  letter: { operator: -0.7, minus: -0.7, letter: -1, separator: -1.2, closing: 0, bar: -1.5, "": -2.5 },
  "": { closing: 0, "": -1.5 },
};
const RELATION_IN_SCRIPT = -5;

/** The kind of a symbol; a bar is a minus. */
export function kindOf(label: string): Kind {
  return KINDS.get(label) ?? "other";
}

export function isLetter(kind: Kind): boolean {
  return LETTERS.has(kind);
}

/** How usual the places of a symbol of one kind are beside one of another. */
export function usual(parent: Kind, kind: Kind): Usual {
  if (parent === "fraction") return AFTER_FRACTION;
  const row = USUAL[kind];
  return row[parent] ?? row[merged(parent)] ?? row[""];
}

/** How usual it is that a script goes on with a symbol after its last one. */
export function goingOn(last: Kind, kind: Kind): number {
  if (WITHOUT_SCRIPTS.has(last)) return 0;
  if (kind === "relation") return RELATION_IN_SCRIPT;
  const row = GOING_ON[merged(last)] ?? GOING_ON[""];
  return row[merged(kind)] ?? row[""];
}

function merged(kind: Kind): Kind {
  return LETTERS.has(kind) ? "letter" : kind;
}
