/** `pipeline/scoring/strokes.py` in TypeScript: which strokes form a symbol. Its docstring explains the steps. */
import type { Detection } from "./engine/protocol.ts";
import { type Bounds, areaOf, grow, hull, iou } from "./ink/bounds.ts";
import { type Placement, type Stroke, extentOf } from "./ink/canvas.ts";

const LEAST = 0.3; // share of a stroke's points that a box must contain to own it
const ABOUT = 0.3; // difference up to which two shares count as equal
const MARGIN = 2; // pixels around a box that count as inside
const HALF_PEN = 1; // pixels
const SAME_PLACE = 0.6; // intersection over union from which two boxes mark one place
const FILLED = 0.9; // share of the overlap with all strokes that a box contains; with less, others own its strokes
const NOBODY = -1;

/** One detection per place, best first: scores of one box add up; the label with the largest sum at the place stays. */
export function places(detections: readonly Detection[]): Detection[] {
  const named = new Map<string, Detection[]>();
  for (const detection of detections) {
    const key = corners(detection).join();
    named.set(key, [...(named.get(key) ?? []), detection]);
  }
  const boxes = [...named.values()]
    .map((names) => ({ names, box: names[0]!, sum: names.reduce((sum, { score }) => sum + score, 0) }))
    .sort((a, b) => b.sum - a.sum || compare(corners(a.box), corners(b.box)));
  const kept: Detection[] = [];
  for (let free = boxes; free.length;) {
    const best = free[0]!;
    const here = free.filter(({ box }) => box === best.box || iou(best.box, box) >= SAME_PLACE);
    kept.push({ ...best.box, score: best.sum, label: mostNamed(here.flatMap(({ names }) => names)) });
    free = free.filter((one) => !here.includes(one));
  }
  return kept;
}

/** The label with the largest sum of scores; the smaller label of equal sums. */
function mostNamed(names: readonly Detection[]): number {
  const sums = new Map<number, number>();
  for (const { label, score } of names) sums.set(label, (sums.get(label) ?? 0) + score);
  return [...sums].reduce((best, one) =>
    one[1] > best[1] || (one[1] === best[1] && one[0] < best[0]) ? one : best,
  )[0];
}

function corners({ top, left, bottom, right }: Bounds): number[] {
  return [top, left, bottom, right];
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : one[at]! - other[at]!;
}

/** The places that own strokes, best first, among those with a score of at least `threshold`. */
export function segment(
  strokes: readonly Stroke[],
  placement: Placement,
  detections: readonly Detection[],
  threshold: number,
): Detection[] {
  const kept = detections.filter(({ score }) => score >= threshold).sort((a, b) => b.score - a.score);
  const owners = findOwners(
    strokes.map((stroke) => toCanvas(stroke, placement)),
    kept,
  );
  return kept.filter((_, index) => owners.includes(index));
}

/** Index of the box that owns each stroke, or NOBODY. Boxes come best first. */
export function findOwners(strokes: readonly Stroke[], boxes: readonly Bounds[]): number[] {
  const held = strokes.map((stroke) => {
    const shares = boxes.map((box) => shareInside(stroke, box));
    const least = Math.max(Math.max(...shares, 0) - ABOUT, LEAST);
    return shares.map((share) => share >= least);
  });
  const extents = strokes.map((stroke) => grow(extentOf(stroke), HALF_PEN));
  const fit = (given: readonly number[], box: Bounds): number =>
    overlapWith(
      given.map((i) => extents[i]!),
      box,
    );
  const all = strokes.map((_, index) => index);
  const full = boxes.map((box, index) =>
    fit(
      all.filter((stroke) => held[stroke]![index]),
      box,
    ),
  );
  const alive = boxes.map(() => true);
  for (;;) {
    const owners = held.map((holds) => smallest(boxes, (box) => holds[box]! && alive[box]!));
    const victims = boxes.flatMap((box, index) => {
      const wanted = all.filter((stroke) => held[stroke]![index]);
      const given = all.filter((stroke) => owners[stroke] === index);
      if (!alive[index] || !wanted.length || fit(given, box) >= FILLED * full[index]!) return [];
      // Best first: the largest index has the lowest score.
      return [Math.max(index, ...wanted.map((stroke) => owners[stroke]!))];
    });
    if (!victims.length) return owners;
    alive[Math.max(...victims)] = false;
  }
}

function toCanvas(stroke: Stroke, { originX, originY, scaleX, scaleY, offsetX, offsetY }: Placement): Stroke {
  return Float64Array.from(stroke, (value, i) =>
    i % 2 ? (value - originY) * scaleY + offsetY : (value - originX) * scaleX + offsetX,
  );
}

/** Share of a stroke's points that lie in a box. */
function shareInside(stroke: Stroke, { left, top, right, bottom }: Bounds): number {
  let inside = 0;
  for (let i = 0; i < stroke.length; i += 2) {
    const [x, y] = [stroke[i]!, stroke[i + 1]!];
    const across = x >= left - MARGIN && x <= right + MARGIN;
    if (across && y >= top - MARGIN && y <= bottom + MARGIN) inside += 1;
  }
  return inside / (stroke.length / 2);
}

/** Intersection over union of a box and the extent of its strokes; 0 without strokes. */
function overlapWith(extents: readonly Bounds[], box: Bounds): number {
  return extents.length ? iou(hull(extents), box) : 0;
}

/** The smallest box that `counts` accepts, the first of equal ones; NOBODY if it accepts none. */
function smallest(boxes: readonly Bounds[], counts: (index: number) => boolean): number {
  return boxes.reduce(
    (best, box, index) => (counts(index) && (best === NOBODY || areaOf(box) < areaOf(boxes[best]!)) ? index : best),
    NOBODY,
  );
}
