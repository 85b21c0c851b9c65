/** `pipeline/structure/parsing.py` in TypeScript: the structure of a formula. Its docstring explains the steps. */
import type { Bounds } from "../ink/bounds.ts";
import { type Block, heightOf, joined, widthOf } from "./block.ts";
import { type Habits, habitsOf } from "./habits.ts";
import { limitsOf, partsOfBar, partsOfRoot } from "./members.ts";
import { readLine } from "./scripts.ts";
import { BAR, holds, leaf, LIMITS, RADICAL, type Row } from "./tree.ts";

const LEAN = 0.25;

/** The structure of symbols, of which each has a name and a box. */
export function parse(labels: readonly string[], boxes: readonly Bounds[]): Row {
  const symbols = boxes.map(({ top, left, bottom, right }, index): Block => {
    const node = leaf(index, labels[index]!);
    return { node, top, left, bottom, right, middle: (top + bottom) / 2, whole: false, unit: null };
  });
  return rowOf(symbols, habitsOf(rowOf(symbols, habitsOf([]))));
}

function rowOf(symbols: readonly Block[], habits: Habits): Row {
  if (!symbols.length) return [];
  let blocks = symbols;
  const isFree = (block: Block): boolean => blocks.includes(block) && !holds(block.node);
  for (const block of [...symbols].sort((a, b) => widthOf(b) - widthOf(a) || a.node.symbol - b.node.symbol)) {
    if ([BAR, RADICAL].includes(block.node.label) && isFree(block)) blocks = hold(block, blocks, habits);
  }
  for (const block of [...blocks].sort((a, b) => a.left - b.left || a.node.symbol - b.node.symbol)) {
    if (LIMITS.has(block.node.label) && isFree(block)) blocks = hold(block, blocks, habits);
  }
  const order = [...blocks].sort((a, b) => alongOf(a) - alongOf(b) || a.top - b.top || a.node.symbol - b.node.symbol);
  return readLine(order, habits);
}

/** Where a block comes in its line: an arc of a bracket may start before the symbol that it follows. */
function alongOf(block: Block): number {
  return block.left + (block.whole ? 0 : LEAN * Math.min(widthOf(block), heightOf(block)));
}

/** The blocks after a bar, a root or a sign has taken what it holds. */
function hold(holder: Block, blocks: readonly Block[], habits: Habits): readonly Block[] {
  const others = blocks.filter((one) => one !== holder);
  const isRoot = holder.node.label === RADICAL;
  const parts = isRoot ? partsOfRoot : holder.node.label === BAR ? partsOfBar : limitsOf;
  const [first, second] = parts(holder, others);
  const held = [...second, ...first];
  if (!isRoot && !held.length) return blocks;
  const [one, other] = [rowOf(first, habits), rowOf(second, habits)];
  const node = { ...holder.node, ...(isRoot ? { index: one, inside: other } : { above: one, below: other }) };
  return [...others.filter((block) => !held.includes(block)), joined(node, holder, held)];
}
