/** From boxes on the canvas back to the ink or the photograph: `to_photo` and `to_page` of `pipeline/ink`. */
import { type Bounds, hull } from "./bounds.ts";
import type { Placement } from "./canvas.ts";

export const ONE = 2 ** 16; // fixed-point units of sines

/** Where an upright picture lies on the tilted one; sines in `ONE`, the corner in turned pixels of the tilted one. */
export interface Turn {
  readonly cosine: number;
  readonly sine: number;
  readonly left: number;
  readonly top: number;
}

/** Where a page that was turned upright lies on its photograph, see `PhotoInk`. */
export interface TurnedPage {
  readonly turn: Turn;
  readonly left: number;
  readonly top: number;
  readonly reductionX: number;
  readonly reductionY: number;
}

/** A box of the canvas on the ink or the upright page. */
export function toUpright(box: Bounds, placement: Placement): Bounds {
  const x = (value: number): number => (value - placement.offsetX) / placement.scaleX + placement.originX;
  const y = (value: number): number => (value - placement.offsetY) / placement.scaleY + placement.originY;
  return { left: x(box.left), top: y(box.top), right: x(box.right), bottom: y(box.bottom) };
}

/** The box around a box of the canvas, on the ink or on the photograph. */
export function toSource(box: Bounds, placement: Placement): Bounds {
  const upright = toUpright(box, placement);
  const { page } = placement;
  if (!page) return upright;
  const { left, top, right, bottom } = turnBack(upright, page.turn);
  return {
    left: (left + page.left) / page.reductionX,
    top: (top + page.top) / page.reductionY,
    right: (right + page.left) / page.reductionX,
    bottom: (bottom + page.top) / page.reductionY,
  };
}

/** The placement on a photograph that is `times` as large. */
export function enlarge({ page, ...placement }: Placement, times: number): Placement {
  if (page) {
    const [reductionX, reductionY] = [page.reductionX / times, page.reductionY / times];
    return { ...placement, page: { ...page, reductionX, reductionY } };
  }
  const { originX, originY, scaleX, scaleY } = placement;
  return {
    ...placement,
    originX: originX * times,
    originY: originY * times,
    scaleX: scaleX / times,
    scaleY: scaleY / times,
  };
}

/** The box around a box of the upright picture, on the tilted one. */
function turnBack({ left, top, right, bottom }: Bounds, turn: Turn): Bounds {
  const [cosine, sine] = [turn.cosine / ONE, turn.sine / ONE];
  const corners = [left, right].flatMap((across) =>
    [top, bottom].map((down) => {
      const [u, v] = [across + turn.left, down + turn.top];
      const [x, y] = [u * cosine + v * sine, v * cosine - u * sine];
      return { left: x, top: y, right: x, bottom: y };
    }),
  );
  return hull(corners);
}
