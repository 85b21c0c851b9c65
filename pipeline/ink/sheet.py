"""Finds the sheet of paper in a photo that also shows the dark desk around it.

    sheet = find_sheet(grey)
    sheet.image, sheet.corner     # without the desk; the whole picture if there is no desk

1. Reduce the picture to 256 pixels and divide it into dark and bright by Otsu's threshold. If that finds no sheet,
   divide the dark part once more.
2. The largest bright part is the sheet. Make its outline convex, so that ink at its edge leaves no dent.
3. The dark part around it is a desk if it passes the tests of `_is_on_desk`. Strokes that fill a tight picture, writing
   on a board and shadows fail them.
4. Shrink the outline by the pixels that are partly desk. If the outline is tilted, fill the rest of its bounding box:
   each row repeats its outermost pixel.

All steps use integer arithmetic. A megapixel takes about 3 ms.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.ink.ground import shrink
from pipeline.ink.threshold import otsu

SIDE = 256  # pixels of the longer side after reducing; lengths below are in pixels of the reduced picture
UNITS = 64  # fixed-point units per pixel
MIN_SIDE = 16  # smallest picture that may show a sheet
INSET = 2  # by which the outline shrinks
EDGE = 2  # distance from the edge at which desk and sheet are compared
# Shares in percent.
MIN_AREA = 15  # least area of the sheet, relative to the picture
MIN_FILL = 96  # least area of the sheet and all it encloses, relative to its convex outline; chalk characters have less
MIN_BLANK = 65  # least bright area, relative to the outline
MAX_STRAY = 5  # largest bright area elsewhere, relative to the sheet
MIN_DARK = 80  # least share of one side of the picture that the desk covers
MAX_DESK = 50  # largest brightness of the desk, relative to the sheet
MIN_SHARP = 75  # least share of the edge with a desk that dark within `EDGE`
INK = 75  # largest brightness of ink, relative to the sheet
STRIP = 3  # a bright part longer than `STRIP` times its width counts as a sheet only with ink; it may be a chalk stroke


class Sheet(NamedTuple):
    """The paper in a picture."""

    image: np.ndarray  # uint8 [height, width]
    corner: np.ndarray  # int64: y, x of its top left pixel in the picture


class Outline(NamedTuple):
    """A convex outline: in row `top + i`, it covers the pixels from `left[i]` to `right[i]`, int64 in `UNITS`."""

    top: int
    left: np.ndarray
    right: np.ndarray


def find_sheet(grey: np.ndarray) -> Sheet:
    """Cuts the sheet from the desk around it; returns the whole picture if it shows no desk.

    Args:
        grey: uint8 [height, width].
    """
    whole = Sheet(grey, np.zeros(2, np.int64))
    small = shrink(grey, SIDE)
    if min(small.shape) < MIN_SIDE:
        return whole
    counts = np.bincount(small.reshape(-1), minlength=256)
    level = otsu(counts)
    outline = _find_outline(small, level)
    if outline is None:  # the level may separate the lit part of the sheet from its shaded part
        outline = _find_outline(small, otsu(np.where(np.arange(256) <= level, counts, 0)))
    cut = outline and _cut(grey, outline, small.shape)
    return cut if cut and np.ptp(cut.image) else whole  # uniform paper is not a photo, but the inside of a drawn frame


def _find_outline(small: np.ndarray, level: int) -> Outline | None:
    """The outline, without its blurred edge, of a sheet brighter than `level` on a darker desk; None without one."""
    bright = small > level
    if not bright.any():
        return None
    part = _largest_part(bright)
    outline = _outline(part)
    if not _is_on_desk(small, bright, part, outline):
        return None
    shrunk = _shrunk(outline, small.shape)
    return None if not len(shrunk.left) or _is_chalk(small, shrunk) else shrunk


def _largest_part(bright: np.ndarray) -> np.ndarray:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=4)
    return labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())


def _ends(part: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """The first row of a connected part, and the start and end of the part in each of its rows, int64 [rows]."""
    rows = np.flatnonzero(part.any(axis=1))
    part = part[rows]
    return int(rows[0]), part.argmax(axis=1), part.shape[1] - part[:, ::-1].argmax(axis=1)


def _outline(part: np.ndarray) -> Outline:
    top, begin, end = _ends(part)
    return Outline(top, _lower_hull(begin), -_lower_hull(-end))


def _lower_hull(values: np.ndarray) -> np.ndarray:
    """The largest convex function below `values`, int64 [n]: int64 [n] in `UNITS`, rounded down."""
    points = list(enumerate(values.tolist()))
    hull = points[:1]
    for x, y in points[1:]:
        while len(hull) > 1 and (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0]) >= (y - hull[-2][1]) * (
            hull[-1][0] - hull[-2][0]
        ):
            hull.pop()  # it lies on or above the line between its neighbours
        hull.append((x, y))
    levels = [hull[0][1] * UNITS]
    for (x, y), (to_x, to_y) in pairwise(hull):
        levels += [(y * (to_x - at) + to_y * (at - x)) * UNITS // (to_x - x) for at in range(x + 1, to_x + 1)]
    return np.array(levels)


def _is_on_desk(small: np.ndarray, bright: np.ndarray, part: np.ndarray, outline: Outline) -> bool:
    """Whether the bright part is a sheet and the rest a dark desk; see the shares above."""
    rows, columns = _ends(part), _ends(part.T)
    covered = int((outline.right - outline.left).sum())
    filled = min(int((end - begin).sum()) for _, begin, end in (rows, columns)) * UNITS
    top, begin, end = rows
    place = np.arange(small.shape[1])
    within = bright[top : top + len(begin)] & (place >= begin[:, None]) & (place < end[:, None])
    area = int(within.sum())
    sides = bright[0], bright[-1], bright[:, 0], bright[:, -1]
    inside, outside = np.concatenate([_across(small, *rows), _across(small.T, *columns)], axis=1)
    return bool(
        area * 100 >= MIN_AREA * small.size
        and filled * 100 >= MIN_FILL * covered
        and area * UNITS * 100 >= MIN_BLANK * covered
        and (int(bright.sum()) - area) * 100 <= MAX_STRAY * area
        and any(int(side.sum()) * 100 <= (100 - MIN_DARK) * side.size for side in sides)
        and int((outside * 100 <= MAX_DESK * inside).sum()) * 100 >= MIN_SHARP * inside.size
    )


def _across(small: np.ndarray, top: int, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Values inside and outside the edges of a part, where these lie in the picture: int64 [2, n]."""
    rows, last = top + np.arange(len(begin)), small.shape[1] - 1
    pairs = []
    for inner, outer, within in (
        (begin + EDGE - 1, begin - EDGE, begin > 0),
        (end - EDGE, end + EDGE - 1, end <= last),
    ):
        places = np.clip(np.stack([inner, outer]), 0, last)
        pairs.append(small[rows, places][:, within])
    return np.concatenate(pairs, axis=1).astype(np.int64)


def _shrunk(outline: Outline, shape: tuple[int, ...]) -> Outline:
    """The outline without the pixels along its edges, except for edges of the picture."""
    (height, width), rows = shape, len(outline.left)
    first = INSET if outline.top > 0 else 0
    stop = rows - (INSET if outline.top + rows < height else 0)
    above = np.maximum(np.arange(first, stop) - INSET, 0)
    below = np.minimum(np.arange(first, stop) + INSET, rows - 1)
    left = np.maximum(outline.left[above], outline.left[below])
    right = np.minimum(outline.right[above], outline.right[below])
    left = np.where(left > 0, left + INSET * UNITS, 0)
    right = np.where(right < width * UNITS, right - INSET * UNITS, width * UNITS)
    return Outline(outline.top + first, left, right)


def _is_chalk(small: np.ndarray, outline: Outline) -> bool:
    """Whether the outline is that of a bright stroke, i.e. a strip without ink."""
    rows, columns = len(outline.left), np.arange(small.shape[1]) * UNITS
    width = int((outline.right.max() - outline.left.min()) // UNITS)
    if max(rows, width) <= STRIP * min(rows, width):
        return False
    covered = (columns >= outline.left[:, None]) & (columns + UNITS <= outline.right[:, None])
    values = small[outline.top : outline.top + rows][covered].astype(np.int64)
    return not values.size or int(values.min()) * values.size * 100 > INK * int(values.sum())


def _cut(grey: np.ndarray, outline: Outline, shape: tuple[int, ...]) -> Sheet | None:
    """Cuts a picture to an outline in the reduced picture, whose shape is `shape`; None if the outline is empty."""
    height, width = grey.shape
    rows = len(outline.left)
    top = -(-outline.top * height // shape[0])
    bottom = (outline.top + rows) * height // shape[0]
    # Row y of the picture lies between the middles of two rows of the reduced one, at `share` / (2 * height).
    place = (2 * np.arange(top, bottom) + 1) * shape[0] - height - 2 * height * outline.top
    above, share = np.divmod(np.clip(place, 0, 2 * height * (rows - 1)), 2 * height)
    below = np.minimum(above + 1, rows - 1)
    left, right = (ends[above] * (2 * height - share) + ends[below] * share for ends in (outline.left, outline.right))
    units = 2 * height * shape[1] * UNITS
    left, right = -(-left * width // units), right * width // units
    kept = np.flatnonzero(right > left)
    if not kept.size:
        return None
    left, right, top = left[kept[0] : kept[-1] + 1], right[kept[0] : kept[-1] + 1], top + int(kept[0])
    first, last = int(left.min()), int(right.max())
    image = grey[top : top + len(left), first:last].copy()
    for row, begin, end in zip(image, (left - first).tolist(), (right - first).tolist(), strict=True):
        row[:begin] = row[begin]
        row[end:] = row[end - 1]
    return Sheet(image, np.array([top, first]))
