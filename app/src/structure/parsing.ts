/** `pipeline/structure/parsing.py` in TypeScript: the structure of a formula. Its docstring explains the steps. */
import type { Bounds } from "../ink/bounds.ts";
import { acrossOf, type Block, heightOf, joined, uprightOf, widthOf } from "./block.ts";
import { readLine } from "./scripts.ts";
import { BAR, holds, leaf, LIMITS, type Node, RADICAL, type Row } from "./tree.ts";

const ACROSS = 0.25;
const SHARED = 0.15;
const TICK = 0.25;
const LOW = 0.45;
const BESIDE = 0.25;
const INTO = 0.3;
const NEAR = 0.9;
const STRAY = 0.3;

/** The structure of symbols, of which each has a name and a box. */
export function parse(labels: readonly string[], boxes: readonly Bounds[]): Row {
  return rowOf(
    boxes.map(({ top, left, bottom, right }, index) => {
      const node = leaf(index, labels[index]!);
      return { node, top, left, bottom, right, middle: (top + bottom) / 2, whole: false, unit: null };
    }),
  );
}

function rowOf(symbols: readonly Block[]): Row {
  if (!symbols.length) return [];
  let blocks = symbols;
  const isFree = (block: Block): boolean => blocks.includes(block) && !holds(block.node);
  for (const block of [...symbols].sort((a, b) => widthOf(b) - widthOf(a) || a.node.symbol - b.node.symbol)) {
    if ([BAR, RADICAL].includes(block.node.label) && isFree(block)) blocks = hold(block, blocks);
  }
  for (const block of [...blocks].sort((a, b) => a.left - b.left || a.node.symbol - b.node.symbol)) {
    if (LIMITS.has(block.node.label) && isFree(block)) blocks = limit(block, blocks);
  }
  return readLine([...blocks].sort((a, b) => a.left - b.left || a.top - b.top || a.node.symbol - b.node.symbol));
}

/** The blocks after a bar or a root has taken what it holds. */
function hold(holder: Block, blocks: readonly Block[]): readonly Block[] {
  const others = blocks.filter((one) => one !== holder);
  if (holder.node.label === BAR) {
    const beside = others.filter((one) => isOverOrUnder(one, holder));
    const above = beside.filter((one) => one.middle < holder.middle);
    const below = beside.filter((one) => one.middle >= holder.middle);
    if (!above.length || !below.length) return blocks;
    return taken({ ...holder.node, above: rowOf(above), below: rowOf(below) }, holder, others, [...above, ...below]);
  }
  const index = others.filter((one) => isIndex(one, holder));
  const inside = others.filter((one) => !index.includes(one) && isInside(one, holder));
  return taken({ ...holder.node, inside: rowOf(inside), index: rowOf(index) }, holder, others, [...inside, ...index]);
}

function taken(node: Node, holder: Block, others: readonly Block[], held: readonly Block[]): readonly Block[] {
  return [...others.filter((one) => !held.includes(one)), joined(node, holder, held)];
}

function isOverOrUnder(one: Block, bar: Block): boolean {
  if (Math.min(bar.middle - one.top, one.bottom - bar.middle) > ACROSS * heightOf(one)) return false;
  const shared = Math.min(one.right, bar.right) - Math.max(one.left, bar.left);
  return (bar.left <= acrossOf(one) && acrossOf(one) <= bar.right) || shared > SHARED * widthOf(one);
}

function isIndex(one: Block, root: Block): boolean {
  const near = Math.min(TICK * heightOf(root), widthOf(root) / 2);
  return (
    heightOf(one) < heightOf(root) / 2 &&
    root.left - near < acrossOf(one) &&
    acrossOf(one) < root.left + near &&
    root.top - heightOf(root) / 2 < uprightOf(one) &&
    uprightOf(one) < root.top + LOW * heightOf(root)
  );
}

function isInside(one: Block, root: Block): boolean {
  const across = root.left < acrossOf(one) && acrossOf(one) < root.right;
  return across && root.top < uprightOf(one) && uprightOf(one) < root.bottom && widthOf(one) < widthOf(root);
}

/** The blocks after a sign has taken the limits above and below it. */
function limit(sign: Block, blocks: readonly Block[]): readonly Block[] {
  const others = blocks.filter((one) => one !== sign);
  const reach = INTO * heightOf(sign);
  const above = spreadOut(
    sign,
    others.filter((one) => one.bottom < sign.top + reach && uprightOf(one) < sign.top),
  );
  const below = spreadOut(
    sign,
    others.filter((one) => one.top > sign.bottom - reach && uprightOf(one) > sign.bottom),
  );
  if (!above.length && !below.length) return blocks;
  return taken({ ...sign.node, above: rowOf(above), below: rowOf(below) }, sign, others, [...above, ...below]);
}

/** Those of `candidates` that stand over or under a sign, and their neighbours, in their order. */
function spreadOut(sign: Block, candidates: readonly Block[]): readonly Block[] {
  const slack = BESIDE * widthOf(sign);
  let found = candidates.filter((one) => sign.left - slack <= acrossOf(one) && acrossOf(one) <= sign.right + slack);
  for (let more = found.length > 0; more;) {
    const grown = neighbours(found, candidates);
    more = grown.length > found.length;
    found = grown;
  }
  return found;
}

function neighbours(found: readonly Block[], candidates: readonly Block[]): Block[] {
  const [left, right] = [Math.min(...found.map((one) => one.left)), Math.max(...found.map((one) => one.right))];
  const [top, bottom] = [Math.min(...found.map((one) => one.top)), Math.max(...found.map((one) => one.bottom))];
  const [gap, stray] = [NEAR * (bottom - top), STRAY * (bottom - top)];
  const isNear = (one: Block): boolean => left - gap <= one.right && one.left <= right + gap;
  const isLevel = (one: Block): boolean => top - stray <= one.middle && one.middle <= bottom + stray;
  return candidates.filter((one) => found.includes(one) || (isNear(one) && isLevel(one)));
}
