/** `pipeline/structure/scripts.py` in TypeScript: rows and scripts of a line. Its docstring explains the search. */
import { type Block, heightOf, LEAST_UNIT, unitOf, uprightOf } from "./block.ts";
import { AXIS, BRACKET, shapeOf, SIGN } from "./shapes.ts";
import type { Node, Row } from "./tree.ts";

type Script = "sup" | "sub";
type Place = "right" | Script;
const SCRIPTS: readonly Script[] = ["sup", "sub"];

const BEAM = 12;

type Measure = readonly [mean: number, spread: number];

interface Fit {
  readonly offset: Measure;
  readonly size: Measure;
  readonly gap: Measure;
  readonly frequency: number;
}

const FITS: Readonly<Record<Place, Fit>> = {
  right: { offset: [0.0, 0.17], size: [0.0, 0.31], gap: [0.45, 0.4], frequency: -0.2 },
  sup: { offset: [-0.05, 0.21], size: [-0.7, 0.35], gap: [0.14, 0.2], frequency: -2.4 },
  sub: { offset: [-0.03, 0.18], size: [-0.75, 0.4], gap: [0.14, 0.2], frequency: -1.4 },
};
const OUTLIER = 16.0;
const CONTENT = 0.35;
const SCRIPT = 0.62;
const [SMALLEST, LARGEST] = [0.35, 1.1];
const DRIFT = 0.6;

const OPENING = new Set(["(", "[", "\\{"]);
const CLOSING = new Set([")", "]", "\\}"]);
const RELATION_SIGNS = new Set(["=", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\in", "\\rightarrow"]);
const OPERATORS = ["+", "-", "\\times", "\\div", "\\pm", "/"];
const OTHERS = [",", ".", "\\ldots", "\\forall", "\\exists"];
const WITHOUT_SCRIPTS = new Set([...OPENING, ...RELATION_SIGNS, ...OPERATORS, ...OTHERS]);
const NEVER_FIRST = new Set([...CLOSING, ...RELATION_SIGNS, "\\times", "\\div", "/"]);
NEVER_FIRST.delete("\\rightarrow");
const UNPAIRED = 3.0;
const RELATION_IN_SCRIPT = 5.0;
const FIRST_BRACKET = 4.0;
const FIRST_SIGN = 3.0;
const MINUS_BELOW = 4.0;
const DIGIT_BASE = 3.0;
const PRIME_BESIDE = 6.0;
const PRIME_ABOVE = 2.0;
const PRIME = "\\prime";

/** A row that may go on. */
interface Open {
  readonly baseline: number;
  readonly unit: number;
  readonly known: boolean;
  readonly last: Block;
  readonly brackets: number;
  readonly sup: Open | null;
  readonly sub: Open | null;
}

interface Choice {
  readonly score: number;
  readonly row: Open;
  readonly parent: Block;
  readonly place: Place;
}

interface Reading {
  readonly score: number;
  readonly row: Open;
  readonly edges: readonly { readonly child: number; readonly parent: number; readonly place: Place }[];
}

/** The row of a line of blocks, at least one, from left to right. */
export function readLine(blocks: readonly Block[]): Row {
  const [first, ...rest] = blocks as readonly [Block, ...Block[]];
  const unit = unitOf(first);
  let readings: Reading[] = [{ score: 0, row: open(first, unit ?? typicalUnit(blocks), unit !== null), edges: [] }];
  for (const block of rest) {
    readings = readings
      .flatMap(({ score, row, edges }) =>
        choices(row, block, 0).map((choice) => ({
          score: score + choice.score,
          row: choice.row,
          edges: [...edges, { child: block.node.symbol, parent: choice.parent.node.symbol, place: choice.place }],
        })),
      )
      .sort((a, b) => b.score - a.score)
      .slice(0, BEAM);
  }
  return assemble(blocks, readings[0]!.edges);
}

/** All ways to go on from a row, which is `depth` scripts deep, with a block. */
function choices(row: Open, block: Block, depth: number): Choice[] {
  const parent = row.last;
  const right: Choice = {
    score: scoreOf("right", row, block, depth),
    row: continued(row, block),
    parent,
    place: "right",
  };
  if (WITHOUT_SCRIPTS.has(parent.node.label)) return [right];
  const scripts = SCRIPTS.flatMap((place): Choice[] => {
    const inner = row[place];
    if (inner) {
      return choices(inner, block, depth + 1).map((choice) => ({ ...choice, row: { ...row, [place]: choice.row } }));
    }
    if (NEVER_FIRST.has(block.node.label)) return [];
    const score = scoreOf(place, row, block, depth);
    return [{ score, row: { ...row, [place]: started(row, block) }, parent, place }];
  });
  return [right, ...scripts];
}

function scoreOf(place: Place, row: Open, block: Block, depth: number): number {
  const [fit, unit] = [FITS[place], unitOf(block)];
  let score = fit.frequency - rarity(place, row, block, depth);
  score += likelihood(offsetOf(place, row, block) / row.unit, ...fit.offset);
  score += likelihood((block.left - row.last.right) / row.unit, ...fit.gap);
  if (unit !== null && row.known) {
    const spread = block.whole ? CONTENT : shapeOf(block.node.label).spread;
    score += likelihood(Math.log(unit / row.unit), fit.size[0], Math.max(fit.size[1], spread));
  }
  return score;
}

/** How far a block is from the height that a place expects. */
function offsetOf(place: Place, row: Open, block: Block): number {
  if (place === "right") return row.baseline - centreOf(block) * row.unit - block.middle;
  const tall = isTall(row);
  if (place === "sup") return (tall ? row.last.top : row.baseline - row.unit) - uprightOf(block);
  return uprightOf(block) - (tall ? row.last.bottom : row.baseline);
}

function likelihood(value: number, mean: number, spread: number): number {
  const deviation = (value - mean) / spread;
  return -0.5 * Math.min(deviation * deviation, OUTLIER) - Math.log(spread);
}

/** How much rarer a place is for these two symbols than for any two. */
function rarity(place: Place, row: Open, block: Block, depth: number): number {
  const [parent, label] = [row.last.node.label, block.node.label];
  if (place === "right") {
    const closesNothing = CLOSING.has(label) && !row.brackets ? 1 : 0;
    const unpaired = UNPAIRED * (leftOpen(row.sup) + leftOpen(row.sub) + closesNothing);
    if ((label === PRIME) !== (parent === PRIME)) return unpaired + PRIME_BESIDE;
    return unpaired + (depth && RELATION_SIGNS.has(label) ? RELATION_IN_SCRIPT : 0);
  }
  if (label === PRIME) return place === "sup" ? -PRIME_ABOVE : 0;
  const first = OPENING.has(label) ? FIRST_BRACKET : ["+", ",", "."].includes(label) ? FIRST_SIGN : 0;
  if (place === "sup") return first;
  return first + ((label === "-" ? MINUS_BELOW : 0) + (isDigit(parent) ? DIGIT_BASE : 0));
}

/** Number of brackets that stay open if a row does not go on. */
function leftOpen(row: Open | null): number {
  return row ? row.brackets + leftOpen(row.sup) + leftOpen(row.sub) : 0;
}

/** Whether scripts of the last block stand at its own edges, and not at those of its row. */
function isTall({ last, unit }: Open): boolean {
  return last.whole || ([SIGN, BRACKET].includes(shapeOf(last.node.label)) && heightOf(last) > unit);
}

function isDigit(label: string): boolean {
  return /^[0-9]$/.test(label);
}

function centreOf(block: Block): number {
  return block.whole ? AXIS : shapeOf(block.node.label).centre;
}

function typicalUnit(blocks: readonly Block[]): number {
  const units = blocks
    .map(unitOf)
    .filter((unit) => unit !== null)
    .sort((a, b) => a - b);
  return units[Math.floor(units.length / 2)] ?? Math.max(LEAST_UNIT, ...blocks.map(heightOf));
}

function open(last: Block, unit: number, known: boolean): Open {
  return {
    baseline: last.middle + centreOf(last) * unit,
    unit,
    known,
    last,
    brackets: countBrackets(0, last),
    sup: null,
    sub: null,
  };
}

function started(row: Open, block: Block): Open {
  const unit = unitOf(block);
  const share = unit === null ? SCRIPT : Math.min(Math.max(unit / row.unit, SMALLEST), LARGEST);
  return open(block, row.unit * share, unit !== null);
}

function continued(row: Open, block: Block): Open {
  const [unit, brackets] = [unitOf(block), countBrackets(row.brackets, block)];
  if (unit === null) return { ...row, last: block, brackets, sup: null, sub: null };
  if (!row.known) return { ...open(block, unit, true), brackets };
  const mean = (row.unit + unit) / 2;
  const baseline = (1 - DRIFT) * row.baseline + DRIFT * (block.middle + centreOf(block) * mean);
  return { ...open(block, mean, true), baseline, brackets };
}

function countBrackets(count: number, { node: { label } }: Block): number {
  if (OPENING.has(label)) return count + 1;
  return CLOSING.has(label) ? Math.max(count - 1, 0) : count;
}

function assemble(blocks: readonly Block[], edges: Reading["edges"]): Row {
  const nodes = new Map(blocks.map(({ node }) => [node.symbol, node]));
  const after = new Map(edges.map(({ child, parent, place }) => [`${parent} ${place}`, child]));
  const rowFrom = (symbol: number | undefined): Row => {
    const row: Node[] = [];
    for (let at = symbol; at !== undefined; at = after.get(`${at} right`)) {
      const [sup, sub] = SCRIPTS.map((place) => rowFrom(after.get(`${at} ${place}`))) as [Row, Row];
      row.push({ ...nodes.get(at)!, sup, sub });
    }
    return row;
  };
  return rowFrom(blocks[0]!.node.symbol);
}
