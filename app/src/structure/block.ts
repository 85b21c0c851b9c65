/** `pipeline/structure/block.py` in TypeScript: symbols with what they hold. */
import { type Bounds, hull } from "../ink/bounds.ts";
import type { Node } from "./tree.ts";

export interface Block extends Bounds {
  readonly node: Node;
  readonly middle: number;
  readonly whole: boolean;
}

export const heightOf = ({ top, bottom }: Bounds): number => bottom - top;
export const widthOf = ({ left, right }: Bounds): number => right - left;
export const acrossOf = ({ left, right }: Bounds): number => (left + right) / 2;
export const uprightOf = ({ top, bottom }: Bounds): number => (top + bottom) / 2;

/** `node` as one block that covers `holder` and what it holds. */
export function joined(node: Node, holder: Block, held: readonly Block[]): Block {
  return { ...hull([holder, ...held]), node, middle: holder.middle, whole: true };
}
