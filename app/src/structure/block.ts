/** `pipeline/structure/block.py` in TypeScript: symbols with what they hold. */
import { type Bounds, hull } from "../ink/bounds.ts";
import { AXIS, shapeOf } from "./shapes.ts";
import { BAR, LIMITS, type Node } from "./tree.ts";
import { type Kind, kindOf } from "./usage.ts";

export const LEAST_UNIT = 1e-6;

export interface Block extends Bounds {
  readonly node: Node;
  readonly middle: number;
  readonly whole: boolean;
  readonly unit: number | null;
  readonly score: number;
}

export const heightOf = ({ top, bottom }: Bounds): number => bottom - top;
export const widthOf = ({ left, right }: Bounds): number => right - left;
export const acrossOf = ({ left, right }: Bounds): number => (left + right) / 2;
export const uprightOf = ({ top, bottom }: Bounds): number => (top + bottom) / 2;

/** Kind of the symbol of a block; a bar with a numerator and a denominator is a fraction. */
export function kindOfBlock({ node: { label }, whole }: Block): Kind {
  return whole && label === BAR ? "fraction" : kindOf(label);
}

/** `node` as one block that covers `holder` and what it holds. */
export function joined(node: Node, holder: Block, held: readonly Block[], score: number): Block {
  const telling = LIMITS.has(holder.node.label) ? [holder] : held;
  const units = telling
    .map(sizeOf)
    .filter((unit) => unit !== null)
    .sort((a, b) => a - b);
  const unit = units[Math.floor(units.length / 2)] ?? null;
  return { ...hull([holder, ...held]), node, middle: holder.middle, whole: true, unit, score };
}

/** Size of a full-size digit by the size of a block; null if it does not tell. */
export function sizeOf(block: Block): number | null {
  if (block.whole) return block.unit;
  const { length, across } = shapeOf(block.node.label);
  return length === null ? null : Math.max(heightOf(block), across * widthOf(block), LEAST_UNIT) / length;
}

/** Height of the centre of a block above the baseline of its line, in units. */
export function centreOf(block: Block): number {
  return block.whole ? AXIS : shapeOf(block.node.label).centre;
}
