/** `pipeline/ink/page.py` in TypeScript: the formulas on a photograph of a page. The rules are explained there. */
import { type Bounds, grow, hull } from "./bounds.ts";
import type { Frame, Picture } from "./canvas.ts";
import {
  type InkParts,
  PAD,
  type PhotoInk,
  clipTo,
  cutInk,
  findInk,
  findInkParts,
  longSide,
  placeInk,
  typicalSize,
} from "./develop.ts";
import { readingOrder } from "../reading.ts";
import { type Grey, crop } from "./grey.ts";
import type { TurnedPage } from "./placement.ts";
import { findSlope, turnUpright } from "./skew.ts";
import { dilate } from "./windows.ts";

type Share = readonly [numerator: number, denominator: number];

// Distances, in typical parts.
const BESIDE: Share = [4, 1]; // between parts side by side
const NEAR: Share = [1, 2]; // between parts in any direction
const OVER: Share = [1, 1]; // between a bar and what is above or below it
const COLUMN: Share = [3, 2]; // between the rows of a sum in columns
const WIDER: Share = [1, 4]; // by which a row may exceed the block below it at either side
const LEVEL = 30; // percent of the lower of two parts that must be at the same height, for them to be side by side
const BAR = 2; // least length of a bar, in typical parts
const FLAT = 4; // least length of a bar, in its heights
const UNDERLINE = 60; // percent of the width of a block that a bar must cover to underline it
const MAX_PARTS = 2000;
const MAX_MARKS = 256; // blocks before they are joined
const MAX_BLOCKS = 64;

/** The upright ink of one formula, and where the page lies on the photograph if it was turned. */
export interface Block {
  readonly ink: PhotoInk;
  readonly page: TurnedPage | null;
}

export function placeBlock({ ink, page }: Block, frame: Frame): Picture {
  const { image, placement } = placeInk(ink, frame);
  return { image, placement: page ? { ...placement, page } : placement };
}

/** Blocks from top to bottom, and from left to right in rows. */
export function inReadingOrder(blocks: readonly Block[]): Block[] {
  const turned = blocks.map((block) => {
    const { left, top, image } = block.ink;
    return { left: top, top: left, right: top + image.height, bottom: left + image.width, block };
  });
  return readingOrder(turned).map(({ block }) => block);
}

/** Finds the formulas on a photograph, in any order; none if it shows no ink. */
export function findBlocks(grey: Grey): Block[] {
  const ink = findInk(grey);
  if (!ink) return [];
  const parts = findInkParts(ink.image);
  const slope = findSlope(parts, ink.image);
  if (!slope) return cutBlocks(ink, parts).map((one) => ({ ink: one, page: null }));
  const { image, turn } = turnUpright(ink.image, slope);
  const { left, top, reductionX, reductionY } = ink;
  const upright = cutInk(image, findInkParts(image), { left: 0, top: 0, reductionX: 1, reductionY: 1 });
  const page = { turn, left, top, reductionX, reductionY };
  return cutBlocks(upright, findInkParts(upright.image)).map((one) => ({ ink: one, page }));
}

/** The ink of each block; the whole ink if there is only one, or no layout. */
function cutBlocks(ink: PhotoInk, parts: InkParts): PhotoInk[] {
  if (parts.boxes.length > MAX_PARTS) return [ink];
  const unit = typicalSize(parts);
  const isBlock = (group: readonly number[]): boolean => longSide(hull(group.map((i) => parts.boxes[i]!))) * 2 >= unit;
  const groups = groupParts(parts.boxes, unit).filter(isBlock);
  if (groups.length < 2 || groups.length > MAX_BLOCKS) return [ink];
  const owners = new Int32Array(parts.labels.reduce((most, label) => Math.max(most, label)) + 1);
  groups.forEach((group, index) => group.forEach((i) => (owners[parts.numbers[i]!] = index + 1)));
  return groups.map((group, index) => cutBlock(ink, parts, group, owners, index + 1));
}

/** Cuts the parts of one block from the page. The soft edges of a part, one pixel, belong to it. */
function cutBlock(
  ink: PhotoInk,
  parts: InkParts,
  group: readonly number[],
  owners: Int32Array,
  number: number,
): PhotoInk {
  const boxes = group.map((i) => parts.boxes[i]!);
  const window = clipTo(grow(hull(boxes), 2 * PAD), ink.image);
  const image = crop(ink.image, window);
  const owner = new Int32Array(image.pixels.length);
  for (let y = 0; y < image.height; y++) {
    const start = (window.top + y) * ink.image.width + window.left;
    for (let x = 0; x < image.width; x++) owner[y * image.width + x] = owners[parts.labels[start + x]!]!;
  }
  const soft = (isOf: (block: number) => boolean): Uint8Array =>
    dilate({ ...image, pixels: Uint8Array.from(owner, (block) => (isOf(block) ? 1 : 0)) }, 3).pixels;
  const own = soft((block) => block === number);
  soft((block) => block > 0 && block !== number).forEach((foreign, at) => {
    if (foreign > own[at]!) image.pixels[at] = 0;
  });
  const moved = boxes.map(({ left, top, right, bottom }) => ({
    left: left - window.left,
    top: top - window.top,
    right: right - window.left,
    bottom: bottom - window.top,
  }));
  const place = { ...ink, left: ink.left + window.left, top: ink.top + window.top };
  return cutInk(image, { ...parts, boxes: moved }, place);
}

/** Joins parts to blocks: their indices, ascending; blocks in the order of their first parts. */
export function groupParts(boxes: readonly Bounds[], unit: number): number[][] {
  const bars = boxes.map((box) => isBar(box, unit));
  const first = boxes.map((_, i) => i);
  const root = (i: number): number => {
    while (first[i] !== i) i = first[i] = first[first[i]!]!;
    return i;
  };
  for (let i = 0; i < boxes.length; i++) {
    for (let j = 0; j < i; j++) {
      if (!areLinked(boxes[i]!, boxes[j]!, bars[i]! || bars[j]!, unit)) continue;
      const [one, other] = [root(i), root(j)];
      first[Math.max(one, other)] = Math.min(one, other);
    }
  }
  const groups = boxes.flatMap((_, i) => (root(i) === i ? [boxes.flatMap((_, j) => (root(j) === i ? [j] : []))] : []));
  if (groups.length > MAX_MARKS) return [boxes.map((_, i) => i)];
  for (;;) {
    const hulls = groups.map((group) => hull(group.map((i) => boxes[i]!)));
    const lines = groups.map((group) =>
      group.reduce((most, i) => Math.max(most, bars[i] ? boxes[i]!.right - boxes[i]!.left : 0), 0),
    );
    const pair = findRowOfSum(hulls, lines, unit);
    if (!pair) return groups;
    const [one, other] = [Math.min(...pair), Math.max(...pair)];
    const [rest] = groups.splice(other, 1);
    groups[one] = [...groups[one]!, ...rest!].sort((a, b) => a - b);
  }
}

function isBar({ left, top, right, bottom }: Bounds, unit: number): boolean {
  return right - left >= BAR * unit && right - left >= FLAT * (bottom - top);
}

/** Whether two parts are side by side, near each other, or above and below a bar. */
function areLinked(one: Bounds, other: Bounds, withBar: boolean, unit: number): boolean {
  const across = Math.max(one.left, other.left) - Math.min(one.right, other.right);
  const down = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
  const lower = Math.min(one.bottom - one.top, other.bottom - other.top);
  return (
    (-down * 100 >= LEVEL * lower && within(across, BESIDE, unit)) ||
    (within(across, NEAR, unit) && within(down, NEAR, unit)) ||
    (withBar && across < 0 && within(down, OVER, unit))
  );
}

function within(distance: number, [numerator, denominator]: Share, unit: number): boolean {
  return distance * denominator <= numerator * unit;
}

/** The first block that has another as a row of a sum above it. */
function findRowOfSum(hulls: readonly Bounds[], lines: readonly number[], unit: number): [number, number] | null {
  for (const [i, block] of hulls.entries()) {
    if (lines[i]! * 100 < UNDERLINE * (block.right - block.left)) continue;
    const j = hulls.findIndex((row) => {
      const gap = block.top - row.bottom;
      const narrow = within(block.left - row.left, WIDER, unit) && within(row.right - block.right, WIDER, unit);
      return narrow && row.top < block.top && within(-gap, NEAR, unit) && within(gap, COLUMN, unit);
    });
    if (j >= 0) return [i, j];
  }
  return null;
}
