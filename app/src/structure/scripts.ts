/** `pipeline/structure/scripts.py` in TypeScript: rows and scripts of a line. Its docstring explains the search. */
import { type Block, centreOf, heightOf, kindOfBlock, LEAST_UNIT, sizeOf } from "./block.ts";
import { type Habits, subscriptOf } from "./habits.ts";
import { BRACKET, shapeOf, SIGN } from "./shapes.ts";
import type { Node, Row } from "./tree.ts";
import { DEMANDING, goingOn, type Kind, NEVER, usual, WITHOUT_SCRIPTS } from "./usage.ts";

type Script = "sup" | "sub";
type Place = "right" | Script;
const SCRIPTS: readonly Script[] = ["sup", "sub"];

export const BEAM = 12;

type Measure = readonly [mean: number, spread: number];

interface Fit {
  readonly drop: number;
  readonly scale: number;
  readonly offset: number;
  readonly size: Measure;
  readonly gap: Measure;
}

const SCRIPT = 0.62;
const FITS: Readonly<Record<Place, Fit>> = {
  right: { drop: 0.0, scale: 1.0, offset: 0.16, size: [0.0, 0.3], gap: [0.4, 0.42] },
  sup: { drop: -0.74, scale: SCRIPT, offset: 0.2, size: [-0.7, 0.35], gap: [0.13, 0.2] },
  sub: { drop: 0.28, scale: SCRIPT, offset: 0.16, size: [-0.75, 0.37], gap: [0.13, 0.2] },
};
const TAIL = 10.0;
const CONTENT = 0.35;
const [SMALLEST, LARGEST] = [0.35, 1.1];
const DRIFT = 0.65;
const UNPAIRED = 3.0;
const DANGLING = 6.0;
const LATER: ReadonlySet<Kind> = new Set(["operator", "relation", "closing", "separator"]);
const NESTED = 1.0;

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

/** A way to go on: the scripts of last blocks that lead to a row, and the place beside its last block. */
interface Choice {
  readonly score: number;
  readonly path: readonly Script[];
  readonly place: Place;
}

interface Reading {
  readonly score: number;
  readonly row: Open;
  readonly edges: readonly { readonly child: number; readonly parent: number; readonly place: Place }[];
}

/** A line that was read, and how plausible it is with all that its blocks hold. */
export interface Line {
  readonly row: Row;
  readonly score: number;
}

/** Reads a line of blocks, at least one, from left to right; `beam` readings are kept. */
export function readLine(blocks: readonly Block[], habits: Habits, beam = BEAM): Line {
  const [first, ...rest] = blocks as readonly [Block, ...Block[]];
  const unit = sizeOf(first);
  const start = LATER.has(kindOfBlock(first)) ? -DANGLING : 0;
  let readings: Reading[] = [{ score: start, row: open(first, unit ?? typicalUnit(blocks), unit !== null), edges: [] }];
  for (const block of rest) {
    readings = readings
      .flatMap((reading) =>
        choices(reading.row, block, habits, []).map((choice) => ({
          score: reading.score + choice.score,
          reading,
          choice,
        })),
      )
      .sort((a, b) => b.score - a.score)
      .slice(0, beam)
      .map(({ score, reading: { row, edges }, choice: { path, place } }) => {
        const [longer, parent] = goneOn(row, path, place, block);
        return {
          score,
          row: longer,
          edges: [...edges, { child: block.node.symbol, parent: parent.node.symbol, place }],
        };
      });
  }
  const finals = readings.map(({ score, row, edges }) => ({ score: score - unfinished(row), edges }));
  const best = finals.reduce((one, other) => (other.score > one.score ? other : one));
  return { row: assemble(blocks, best.edges), score: best.score + blocks.reduce((sum, { score }) => sum + score, 0) };
}

/** All ways to go on from a row, to which `path` leads, with a block. */
function choices(row: Open, block: Block, habits: Habits, path: readonly Script[]): Choice[] {
  const [parent, last, kind] = [row.last, kindOfBlock(row.last), kindOfBlock(block)];
  const [right, sup, sub] = usual(last, kind);
  let score = right + fitOf("right", row, block) - (unfinished(row.sup) + unfinished(row.sub));
  if (path.length) score += goingOn(last, kind);
  if (kind === "closing" && !row.brackets) score -= UNPAIRED;
  const onLine: Choice = { score, path, place: "right" };
  if (WITHOUT_SCRIPTS.has(last)) return [onLine];
  const scripts = SCRIPTS.flatMap((place): Choice[] => {
    const inner = row[place];
    if (inner) return choices(inner, block, habits, [...path, place]);
    const plausible = place === "sup" ? sup : sub;
    if (plausible <= NEVER) return [];
    let score = plausible + (fitOf(place, row, block) - (path.length ? NESTED : 0));
    if (place === "sub") score += subscriptOf(habits, parent.node);
    return [{ score, path, place }];
  });
  return [onLine, ...scripts];
}

/** The open rows after a choice, and the block beside which it puts another. */
function goneOn(row: Open, [script, ...path]: readonly Script[], place: Place, block: Block): [Open, Block] {
  if (script) {
    const [inner, parent] = goneOn(row[script]!, path, place, block);
    return [{ ...row, [script]: inner }, parent];
  }
  return [place === "right" ? continued(row, block) : { ...row, [place]: started(row, block) }, row.last];
}

/** How well a block fits a place by its height, its gap and its size. */
function fitOf(place: Place, row: Open, block: Block): number {
  const [fit, unit, last] = [FITS[place], sizeOf(block), row.last];
  let { baseline } = row;
  if (place !== "right" && isTall(row)) baseline = place === "sup" ? last.top + row.unit : last.bottom;
  const height = baseline + (fit.drop - fit.scale * centreOf(block)) * row.unit;
  let score = likelihood((height - block.middle) / row.unit, 0.0, fit.offset);
  score += likelihood((block.left - last.right) / row.unit, ...fit.gap);
  if (unit !== null && row.known) {
    const spread = block.whole ? CONTENT : shapeOf(block.node.label).spread;
    score += likelihood(Math.log(unit / row.unit), fit.size[0], Math.max(fit.size[1], spread));
  }
  return score;
}

function likelihood(value: number, mean: number, spread: number): number {
  const deviation = (value - mean) / spread;
  return -0.5 * (TAIL + 1) * Math.log(1 + (deviation * deviation) / TAIL) - Math.log(spread);
}

/** How implausible it is to leave a script: with open brackets, or with an operator at its end. */
function unfinished(row: Open | null): number {
  if (!row) return 0;
  const dangling = DEMANDING.has(kindOfBlock(row.last)) ? DANGLING : 0;
  return UNPAIRED * row.brackets + dangling + (unfinished(row.sup) + unfinished(row.sub));
}

/** Whether scripts of the last block stand at its own edges, and not at those of its row. */
function isTall({ last, unit }: Open): boolean {
  return last.whole || ([SIGN, BRACKET].includes(shapeOf(last.node.label)) && heightOf(last) > unit);
}

function typicalUnit(blocks: readonly Block[]): number {
  const units = blocks
    .map(sizeOf)
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
  const unit = sizeOf(block);
  const share = unit === null ? SCRIPT : Math.min(Math.max(unit / row.unit, SMALLEST), LARGEST);
  return open(block, row.unit * share, unit !== null);
}

function continued(row: Open, block: Block): Open {
  const [unit, brackets] = [sizeOf(block), countBrackets(row.brackets, block)];
  if (unit === null) return { ...row, last: block, brackets, sup: null, sub: null };
  if (!row.known) return { ...open(block, unit, true), brackets };
  const mean = (row.unit + unit) / 2;
  const baseline = (1 - DRIFT) * row.baseline + DRIFT * (block.middle + centreOf(block) * mean);
  return { ...open(block, mean, true), baseline, brackets };
}

function countBrackets(count: number, block: Block): number {
  const kind = kindOfBlock(block);
  if (kind === "opening") return count + 1;
  return kind === "closing" ? Math.max(count - 1, 0) : count;
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
