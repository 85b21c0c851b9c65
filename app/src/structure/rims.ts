/** `pipeline/structure/rims.py` in TypeScript: which other members a bar, a root or a sign may have. */
import { acrossOf, type Block, heightOf, LEAST_UNIT, uprightOf, widthOf } from "./block.ts";
import { BAR, LIMITS, RADICAL } from "./tree.ts";

const STEPS = 3;
const FAR = 2.0;
const CROSSING = 0.3;
const [HIGH, LOW] = [0.2, 0.5];
const [FIRM, LOOSE] = [3.0, 1.5];
const ASKING: readonly string[] = [RADICAL, "\\lim"];
const EMPTY = 10.0;

type Blocks = readonly Block[];
/** Above and below a bar or a sign, or the index and the inside of a root. */
export type Parts = readonly [Blocks, Blocks];

/** Other members that a holder may have instead of `parts`; a bar has some on both sides, or none. */
export function othersThan([first, second]: Parts, holder: Block, others: Blocks): Parts[] {
  const isBar = holder.node.label === BAR;
  const free = others.filter((one) => !first.includes(one) && !second.includes(one));
  if (isBar && !first.length) {
    const within = free.filter((one) => beyond(one, holder) < 0);
    const above = within.filter((one) => mayEnter(one, holder, 0));
    const below = within.filter((one) => mayEnter(one, holder, 1));
    return above.length && below.length ? [[above, below]] : [];
  }
  const isFit = (other: Blocks): boolean => !isBar || other.length > 0;
  const over = changed(first, holder, free, 0).filter(isFit);
  const under = changed(second, holder, free, 1).filter(isFit);
  return [
    ...over.map((other): Parts => [other, second]),
    ...under.map((other): Parts => [first, other]),
    ...(isBar ? [[[], []] as const] : []),
  ];
}

/** The members of a side with up to `STEPS` more, or fewer, at its right or its left end. */
function changed(members: Blocks, holder: Block, free: Blocks, side: 0 | 1): Blocks[] {
  const [left, right] = [Math.min(...members.map((one) => one.left)), Math.max(...members.map((one) => one.right))];
  const middle = members.length ? (left + right) / 2 : holder.left;
  const near = free.filter((one) => !LIMITS.has(holder.node.label) && mayEnter(one, holder, side));
  const after = fromLeft(near.filter((one) => acrossOf(one) > middle));
  const before = fromRight(near.filter((one) => acrossOf(one) < middle));
  return [
    ...[after, before].flatMap((row) => starts(row).map((some) => [...members, ...some])),
    ...[fromRight(members), fromLeft(members)].flatMap((row) =>
      starts(row).map((some) => members.filter((one) => !some.includes(one))),
    ),
  ];
}

/** The first block of a row, its first two, and so on. */
function starts(row: Blocks): Blocks[] {
  return row.slice(0, STEPS).map((_, index) => row.slice(0, index + 1));
}

function fromLeft(blocks: Blocks): Blocks {
  return [...blocks].sort((a, b) => a.left - b.left || a.node.symbol - b.node.symbol);
}

function fromRight(blocks: Blocks): Blocks {
  return [...blocks].sort((a, b) => b.right - a.right || a.node.symbol - b.node.symbol);
}

/** Whether a block may be on a side of a bar or a sign, or inside a root, by its height and its distance. */
function mayEnter(one: Block, holder: Block, side: 0 | 1): boolean {
  if (beyond(one, holder) > FAR) return false;
  if (holder.node.label === RADICAL) {
    const [high, low] = [holder.top - HIGH * heightOf(holder), holder.bottom + LOW * heightOf(holder)];
    return side === 1 && acrossOf(one) > holder.left && high < uprightOf(one) && uprightOf(one) < low;
  }
  if (holder.node.label === BAR) {
    const over = side === 0 ? one.bottom - holder.middle : holder.middle - one.top;
    return one.middle < holder.middle === (side === 0) && over < CROSSING * heightOf(one);
  }
  return side === 0 ? uprightOf(one) < holder.top : uprightOf(one) > holder.bottom;
}

/** How much more than half of a block is beyond the ends of a holder, in sizes of the block. */
function beyond(one: Block, holder: Block): number {
  const outside = Math.max(one.right - holder.right, 0) + Math.max(holder.left - one.left, 0);
  return (outside - widthOf(one) / 2) / Math.max(heightOf(one), widthOf(one), LEAST_UNIT);
}

/** How plausible members are by how far they, and no others, are within the ends of their holder. */
export function fitOf([first, second]: Parts, holder: Block, others: Blocks): number {
  const { label } = holder.node;
  const firm = LIMITS.has(label) ? LOOSE : FIRM;
  let score = ASKING.includes(label) && !second.length ? -EMPTY : 0;
  for (const one of others) {
    const side = label === RADICAL || one.middle > holder.middle ? 1 : 0;
    if (first.includes(one) || second.includes(one)) score -= softplus(firm * beyond(one, holder));
    else if (mayEnter(one, holder, side)) score -= softplus(-firm * beyond(one, holder));
  }
  return score;
}

function softplus(value: number): number {
  return Math.max(value, 0) + Math.log(1 + Math.exp(-Math.abs(value)));
}
