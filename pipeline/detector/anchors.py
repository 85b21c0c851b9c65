"""Chooses anchor shapes from the training boxes, lays out the anchor grid and matches anchors to boxes. NumPy only.

COCO's standard shapes (32 to 512 pixels) reach IoU 0.5 with 46 % of CROHME's symbols. Seven shapes per level, found by
k-means with the distance 1 - IoU (YOLOv2, Redmon and Farhadi 2017), reach it with 99.8 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# A level takes boxes up to this size, in strides of the level: a symbol then covers four to eight cells of its level.
CELLS_PER_LEVEL = 8
KMEANS_ROUNDS = 30
KMEANS_BOXES = 20_000  # more do not move the centres
FOREGROUND_IOU = 0.5  # an anchor learns a box if their IoU is at least this
# If no anchor reaches FOREGROUND_IOU, an anchor learns the box with at least this share of the best anchor's IoU, and
# at least this IoU.
SHARE_OF_BEST, LEAST_IOU = 0.85, 0.25
# Below this share of the IoU needed to learn a box, an anchor is background; between the two it learns nothing.
BACKGROUND_SHARE = 0.8

# Pixels: anchors look for thinner symbols as boxes with this side; only the last step predicts the true thickness. A
# bar drawn with a two-pixel pen has IoU 0.5 with almost no anchor, and suppression misses duplicates that are one pixel
# apart. At a width of eight pixels, half of the bars still had no anchor.
LEAST_SIDE = 12.0

# A box is compared with the anchors of a level only if the ratio of their areas, smaller to larger, is at least this:
# their IoU cannot exceed the ratio. Every box is also compared with the level whose ratio is highest.
LEAST_AREA_RATIO = 0.2

BACKGROUND, IGNORED = -1, -2

Shapes = tuple[tuple[tuple[float, float], ...], ...]
"""Height and width in pixels of each anchor of each level."""


def sizes(boxes: np.ndarray) -> np.ndarray:
    """Size of each box in pixels: the geometric mean of its sides, with the long side counted twice.

    A fraction bar needs a level that sees both of its ends.

    Args:
        boxes: `[n, 4]`.
    """
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1)
    return np.cbrt(sides.max(axis=1) ** 2 * sides.min(axis=1))


def choose_shapes(boxes: np.ndarray, strides: Sequence[int], count: int) -> Shapes:
    """Chooses the `count` shapes per level that fit the training boxes best.

    Args:
        boxes: `[n, 4]`, boxes of the training part.
        strides: strides of the levels, ascending; each level except the last takes boxes up to `CELLS_PER_LEVEL`
            strides in size.
        count: shapes per level.

    Returns:
        Shapes by ascending area. A level with fewer than `count` boxes gets squares around its size.
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
    """The anchors of a canvas, ordered by level, row, column and shape.

    Args:
        height: height of the canvas in pixels, a multiple of every stride.
        width: width of the canvas in pixels, a multiple of every stride.
        strides: strides of the levels.
        shapes: shapes of each level; every level has the same number.
    """

    height: int
    width: int
    strides: tuple[int, ...]
    shapes: Shapes

    @property
    def boxes(self) -> np.ndarray:
        """Boxes of all anchors, float32 `[n, 4]`; they may extend beyond the canvas."""
        levels = []
        for stride, shapes in zip(self.strides, self.shapes, strict=True):
            y, x = self._centres(stride)
            centres = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)[:, :, None]  # [rows, columns, 1, 2]
            half = np.array(shapes, np.float32) / 2  # [shapes, 2]
            levels.append(np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4))
        return np.concatenate(levels).astype(np.float32)

    def match(self, boxes: np.ndarray) -> np.ndarray:
        """Assigns a target to each anchor.

        Args:
            boxes: true boxes, `[m, 4]`.

        Returns:
            int32 `[n]`: the index of a true box, `BACKGROUND` or `IGNORED`. The anchor that fits a true box best always
            learns it, even if its IoU is low.
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
            fit = overlap / np.clip(SHARE_OF_BEST * top[compared], LEAST_IOU, FOREGROUND_IOU)[:, None]
            box, place = np.nonzero(fit >= BACKGROUND_SHARE)
            rising = np.argsort(fit[box, place], kind="stable")  # the best fit is written last and wins
            box, place = box[rising], place[rising]
            matches[anchor[box, place]] = np.where(fit[box, place] >= 1, compared[box], IGNORED)
        matches[best] = np.arange(len(boxes))
        return matches

    def _overlaps_near(self, boxes: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
        """IoU of boxes with the nearby anchors of a level, and the indices of these anchors; both `[m, window]`.

        IoU 0.4 requires a ratio of the sides of at least 0.4, and centres at most three quarters of the anchor's side
        apart. All anchors of a shape form one grid, so intersections are outer products of the overlaps in y and x.
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
        """Index of each level's first anchor, followed by the total number of anchors."""
        cells = [(self.height // stride) * (self.width // stride) for stride in self.strides]
        return [0, *np.cumsum([n * len(shapes) for n, shapes in zip(cells, self.shapes, strict=True)]).tolist()]

    def _centres(self, stride: int) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = self.height // stride, self.width // stride
        return (np.arange(rows, dtype=np.float32) + 0.5) * stride, (np.arange(columns, dtype=np.float32) + 0.5) * stride


def coverage(boxes: np.ndarray, shapes: Shapes) -> float:
    """Share of boxes `[n, 4]` that have IoU 0.5 or more with their best anchor shape, centred on the box."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return float(np.mean(_shape_iou(sides, np.concatenate([np.array(level) for level in shapes])).max(axis=1) >= 0.5))


def _area_ratios(boxes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Highest ratio of areas, smaller to larger, between each box and any shape; `[m]`."""
    ratio = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None] / shapes.prod(axis=1)
    return np.minimum(ratio, 1 / np.maximum(ratio, 1e-9)).max(axis=1)


def _cells_around(ends: np.ndarray, stride: int, count: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices and centres, both `[m, k]`, of the cells within `reach` of the middle of segments `[m, 2]` on one axis.

    Some indices lie outside the `count` cells of the level.
    """
    radius = min(int(reach / stride) + 1, count)
    cells = (ends.mean(axis=1) / stride).astype(np.int64)[:, None] + np.arange(-radius, radius + 1)
    return cells, ((cells + 0.5) * stride).astype(np.float32)


def _overlaps(centres: np.ndarray, lengths: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Overlap `[m, k, lengths]` of segments centred on `[m, k]` with the segments low..high `[m]`."""
    start, end = centres[:, :, None] - lengths / 2, centres[:, :, None] + lengths / 2
    return np.maximum(np.minimum(end, high[:, None, None]) - np.maximum(start, low[:, None, None]), 0)


def _shape_iou(sides: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """IoU `[n, k]` of boxes and shapes with the same centre."""
    shared = np.minimum(sides[:, None], shapes).prod(axis=2)
    return shared / np.maximum(sides.prod(axis=1)[:, None] + shapes.prod(axis=1) - shared, 1e-6)


def _kmeans(sides: np.ndarray, count: int) -> np.ndarray:
    """Cluster centres `[count, 2]`. Starts from quantiles of the aspect ratio, so it needs no random numbers."""
    by_aspect = sides[np.argsort(sides[:, 0] / np.maximum(sides[:, 1], 1), kind="stable")]
    centres = np.stack([np.median(part, axis=0) for part in np.array_split(by_aspect, count)])
    for _ in range(KMEANS_ROUNDS):
        nearest = _shape_iou(sides, centres).argmax(axis=1)
        own = [sides[nearest == i] for i in range(count)]
        centres = np.stack([np.median(o, axis=0) if len(o) else centres[i] for i, o in enumerate(own)])
    return np.maximum(centres, 2.0)
