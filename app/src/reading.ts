/** `pipeline/edge/order.py` in TypeScript: the reading order of symbols. Its docstring explains the steps. */
import type { Bounds } from "./ink/bounds.ts";

const APART = 0.5; // share of the shorter length: two boxes that overlap by less stand beside each other
const AXES = [
  ["left", "right"],
  ["top", "bottom"],
] as const;

/** Boxes in reading order: side by side from left to right, stacked from top to bottom. */
export function readingOrder<Box extends Bounds>(boxes: readonly Box[]): Box[] {
  if (boxes.length < 2) return [...boxes];
  for (const [low, high] of AXES) {
    const parts = partsOf(boxes, low, high);
    if (parts.length > 1) return parts.flatMap(readingOrder<Box>);
  }
  const before = (one: Box, other: Box): boolean =>
    one.left < other.left || (one.left === other.left && one.top < other.top);
  const first = boxes.reduce((one, other) => (before(other, one) ? other : one));
  return [first, ...readingOrder(boxes.filter((box) => box !== first))];
}

/** Groups of boxes that overlap along one axis, sorted by their start; ties keep the order of the boxes. */
function partsOf<Box extends Bounds>(boxes: readonly Box[], low: "left" | "top", high: "right" | "bottom"): Box[][] {
  const touch = (one: Box, other: Box): boolean => {
    const shared = Math.min(one[high], other[high]) - Math.max(one[low], other[low]);
    return shared > APART * Math.min(one[high] - one[low], other[high] - other[low]);
  };
  let parts: Box[][] = [];
  for (const box of boxes) {
    const touched = parts.filter((part) => part.some((other) => touch(box, other)));
    parts = [...parts.filter((part) => !touched.includes(part)), [...touched.flat(), box]];
  }
  const start = (part: readonly Box[]): number => Math.min(...part.map((box) => box[low]));
  return parts
    .map((part) => boxes.filter((box) => part.includes(box)))
    .sort((one, other) => start(one) - start(other) || boxes.indexOf(one[0]!) - boxes.indexOf(other[0]!));
}
