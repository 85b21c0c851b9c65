"""Anchor shapes chosen from the training boxes, the grid of anchors, and which anchor learns which box. NumPy only.

COCO's stock shapes (32 to 512 pixels) would reach IoU 0.5 with 46 % of CROHME's symbols; seven shapes a level, found by
k-means under the distance 1 - IoU (YOLOv2, Redmon and Farhadi 2017), reach it with 99.8 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Boxes up to these sizes in strides of a level belong to it: a symbol then covers four to eight cells of its level.
CELLS_PER_LEVEL = 8
KMEANS_ROUNDS = 30
KMEANS_BOXES = 20_000  # more do not move the centres
FOREGROUND_IOU = 0.5  # an anchor at or above it learns the box;
OF_BEST, LEAST_IOU = 0.85, 0.25  # so does one that fits nearly as well as any, where none fits well
BACKGROUND_SHARE = 0.8  # of what makes an anchor learn a box: below it, background; between the two it learns nothing

# Pixels: thinner symbols are looked for as boxes of this side, and only the last step finds how thin they are. A bar
# drawn with a pen of two pixels has IoU 0.5 with next to no anchor, and jitter of a pixel suppresses no double of it;
# of bars eight pixels wide, still half had none.
LEAST_SIDE = 12.0

# A box is compared with the anchors of a level only if its area is at least this share of one of theirs, or the other
# way round, since no more can their IoU be; and with those of the level that is closest.
LEAST_AREA_RATIO = 0.2

BACKGROUND, IGNORED = -1, -2

Shapes = tuple[tuple[tuple[float, float], ...], ...]
"""Height and width in pixels of each anchor of each level."""


def sizes(boxes: np.ndarray) -> np.ndarray:
    """One number a box in pixels, the long side counting double: a fraction bar needs a level that sees both its ends.

    Args:
        boxes: `[n, 4]`.
    """
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    return np.cbrt(sides.max(axis=1) ** 2 * sides.min(axis=1))


def choose_shapes(boxes: np.ndarray, strides: Sequence[int], count: int) -> Shapes:
    """The shapes that fit the training boxes best, `count` for each level.

    Args:
        boxes: `[n, 4]` of the training part.
        strides: of the levels, ascending; each but the last takes boxes up to `CELLS_PER_LEVEL` strides in size.
        count: shapes a level.

    Returns:
        Shapes by rising area. A level with fewer boxes than that gets squares around its size instead.
    """
    boxes = boxes[:: -(-len(boxes) // KMEANS_BOXES)] if len(boxes) > KMEANS_BOXES else boxes
    size, sides = sizes(boxes), boxes[:, 2:] - boxes[:, :2]
    bounds = [0.0, *(CELLS_PER_LEVEL * stride for stride in strides[:-1]), np.inf]
    levels = []
    for stride, low, high in zip(strides, bounds[:-1], bounds[1:], strict=True):
        own = sides[(size > low) & (size <= high)]
        spare = np.array([[side, side] for side in CELLS_PER_LEVEL * stride * np.geomspace(0.5, 1.5, count)])
        centres = _kmeans(own, count) if len(own) >= count else spare
        order = np.argsort(centres.prod(axis=1), kind="stable")
        levels.append(tuple((round(float(h), 1), round(float(w), 1)) for h, w in centres[order]))
    return tuple(levels)


@dataclass(frozen=True)
class AnchorGrid:
    """The anchors of a canvas: all cells of the first level row by row, each with its shapes, then the next level's.

    Args:
        height: of the canvas, a multiple of all strides.
        width: likewise.
        strides: of the levels.
        shapes: of the levels, equally many each.
    """

    height: int
    width: int
    strides: tuple[int, ...]
    shapes: Shapes

    @property
    def boxes(self) -> np.ndarray:
        """float32 `[n, 4]`; anchors may reach over the border."""
        levels = []
        for stride, shapes in zip(self.strides, self.shapes, strict=True):
            y, x = self._centres(stride)
            centres = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)[:, :, None]  # [rows, columns, 1, 2]
            half = np.array(shapes, np.float32) / 2  # [shapes, 2]
            levels.append(np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4))
        return np.concatenate(levels).astype(np.float32)

    def match(self, boxes: np.ndarray) -> np.ndarray:
        """What each anchor learns.

        Args:
            boxes: `[m, 4]` true boxes.

        Returns:
            int32 `[n]`: a true box's index, `BACKGROUND` or `IGNORED`. Every true box has the anchors that fit it best,
            however badly.
        """
        top, best = np.zeros(len(boxes), np.float32), np.zeros(len(boxes), np.int64)
        near = []
        ratios = np.stack([_area_ratios(boxes, np.array(shapes)) for shapes in self.shapes])  # [levels, m]
        for level in range(len(self.strides)):
            compared = np.flatnonzero((ratios[level] >= LEAST_AREA_RATIO) | (ratios[level] == ratios.max(axis=0)))
            overlap, anchor = self._overlaps_near(boxes[compared].astype(np.float32), level)  # [m, window] both
            near.append((compared, overlap, anchor))
            highest = overlap.argmax(axis=1) if len(compared) else np.zeros(0, np.int64)
            reached = overlap[np.arange(len(compared)), highest]
            better = reached > top[compared]
            top[compared[better]] = reached[better]
            best[compared[better]] = anchor[np.arange(len(compared)), highest][better]
        matches = np.full(self._starts[-1], BACKGROUND, np.int32)
        for compared, overlap, anchor in near:
            fit = overlap / np.clip(OF_BEST * top[compared], LEAST_IOU, FOREGROUND_IOU)[:, None]
            box, place = np.nonzero(fit >= BACKGROUND_SHARE)
            rising = np.argsort(fit[box, place], kind="stable")  # the best is written last
            box, place = box[rising], place[rising]
            matches[anchor[box, place]] = np.where(fit[box, place] >= 1, compared[box], IGNORED)
        matches[best] = np.arange(len(boxes))
        return matches

    def _overlaps_near(self, boxes: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
        """IoU of boxes with the anchors of a level around them, and which anchors those are; `[m, window]` both.

        IoU 0.4 needs sides within 0.4 of each other and centres no further apart than three quarters of the anchor.
        All anchors of a shape lie on one grid, so that intersections are outer products of overlaps in y and x.
        """
        stride, shapes = self.strides[level], np.array(self.shapes[level], np.float32)
        rows, columns = self.height // stride, self.width // stride
        row, y = _cells_around(boxes[:, 0::2], stride, rows, 0.75 * float(shapes[:, 0].max()))  # [m, k]
        column, x = _cells_around(boxes[:, 1::2], stride, columns, 0.75 * float(shapes[:, 1].max()))
        over_y = _overlaps(y, shapes[:, 0], boxes[:, 0], boxes[:, 2])  # [m, k, shapes]
        over_x = _overlaps(x, shapes[:, 1], boxes[:, 1], boxes[:, 3])
        overlap = over_y[:, :, None] * over_x[:, None]  # [m, k, k', shapes]
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None] + shapes.prod(axis=1)
        overlap /= areas[:, None, None] - overlap
        cell = np.clip(row, 0, rows - 1)[:, :, None] * columns + np.clip(column, 0, columns - 1)[:, None]
        anchor = self._starts[level] + cell[..., None] * len(shapes) + np.arange(len(shapes))
        inside = ((row >= 0) & (row < rows))[:, :, None] & ((column >= 0) & (column < columns))[:, None]
        overlap *= inside[..., None]
        window = overlap[0].size if len(boxes) else 0
        return overlap.reshape(len(boxes), window), anchor.reshape(len(boxes), window)

    @property
    def _starts(self) -> list[int]:
        """The index of each level's first anchor, and the number of all."""
        cells = [(self.height // stride) * (self.width // stride) for stride in self.strides]
        return [0, *np.cumsum([n * len(shapes) for n, shapes in zip(cells, self.shapes, strict=True)]).tolist()]

    def _centres(self, stride: int) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = self.height // stride, self.width // stride
        return (np.arange(rows, dtype=np.float32) + 0.5) * stride, (np.arange(columns, dtype=np.float32) + 0.5) * stride


def coverage(boxes: np.ndarray, shapes: Shapes) -> float:
    """Share of boxes `[n, 4]` whose best anchor, centred on them, has IoU 0.5 or more."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return float(np.mean(_shape_iou(sides, np.concatenate([np.array(level) for level in shapes])).max(axis=1) >= 0.5))


def _area_ratios(boxes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """For each box `[m]` the smaller of the two areas over the larger, with the shape where that is largest."""
    ratio = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None] / shapes.prod(axis=1)
    return np.minimum(ratio, 1 / np.maximum(ratio, 1e-9)).max(axis=1)


def _cells_around(ends: np.ndarray, stride: int, count: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Along one axis, the cells within `reach` of the middle of segments `[m, 2]`: numbers and centres `[m, k]`.

    Some lie beyond the `count` cells of the level.
    """
    radius = min(int(reach / stride) + 1, count)
    cells = (ends.mean(axis=1) / stride).astype(np.int64)[:, None] + np.arange(-radius, radius + 1)
    return cells, ((cells + 0.5) * stride).astype(np.float32)


def _overlaps(centres: np.ndarray, lengths: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Lengths `[m, k, lengths]` that segments around the centres `[m, k]` share with the segments low..high `[m]`."""
    start, end = centres[:, :, None] - lengths / 2, centres[:, :, None] + lengths / 2
    return np.maximum(np.minimum(end, high[:, None, None]) - np.maximum(start, low[:, None, None]), 0)


def _shape_iou(sides: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """IoU `[n, k]` of boxes and shapes laid centre on centre."""
    shared = np.minimum(sides[:, None], shapes).prod(axis=2)
    return shared / np.maximum(sides.prod(axis=1)[:, None] + shapes.prod(axis=1) - shared, 1e-6)


def _kmeans(sides: np.ndarray, count: int) -> np.ndarray:
    """Centres `[count, 2]`; starts from quantiles of the aspect ratio, so that no random number is needed."""
    by_aspect = sides[np.argsort(sides[:, 0] / np.maximum(sides[:, 1], 1), kind="stable")]
    centres = np.stack([np.median(part, axis=0) for part in np.array_split(by_aspect, count)])
    for _ in range(KMEANS_ROUNDS):
        nearest = _shape_iou(sides, centres).argmax(axis=1)
        own = [sides[nearest == i] for i in range(count)]
        centres = np.stack([np.median(o, axis=0) if len(o) else centres[i] for i, o in enumerate(own)])
    return np.maximum(centres, 2.0)
