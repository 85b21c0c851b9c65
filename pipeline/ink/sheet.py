"""The sheet of paper in a photo that shows the dark desk around it, too.

    sheet = find_sheet(grey)
    sheet.image, sheet.corner     # without the desk; the picture itself if there is none

1. The picture is reduced to 256 pixels and divided by Otsu into dark and bright; if that finds no sheet, the dark part
   is divided once more.
2. The largest bright part is the sheet. Its outline is made convex, so that ink at its edge makes no dent.
3. The dark around it is a desk if the tests of `_is_on_desk` say so: strokes that fill a tight picture, writing on a
   board and shadows fail them.
4. The outline shrinks by the pixels that are half desk. What a tilted outline leaves of its bounding box repeats the
   outermost pixel of the row.

All of it is integer arithmetic. A megapixel takes about 3 ms.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.ink.ground import shrink
from pipeline.ink.threshold import otsu

SIDE = 256  # pixels that the longer side is reduced to; lengths below are in pixels of the reduced picture
UNITS = 64  # fixed-point units per pixel
MIN_SIDE = 16  # of a picture that may show a sheet
INSET = 2  # that the outline shrinks by
EDGE = 2  # distance from the edge at which desk and sheet are compared
# Shares are in percent.
MIN_AREA = 15  # of the picture, that the sheet covers
MIN_FILL = 96  # of its convex outline, that the sheet fills with all that it encloses; a character in chalk fills less
MIN_BLANK = 65  # of its outline, that is bright
MAX_STRAY = 5  # of the sheet's area, that is bright elsewhere
MIN_DARK = 80  # of one side of the picture, that the desk covers
MAX_DESK = 50  # of the sheet's brightness, that the desk has
MIN_SHARP = 75  # of the edge, where the desk is that dark within `EDGE`
INK = 75  # of the sheet's brightness, that ink on it has at most
STRIP = 3  # a sheet that is longer than `STRIP` times its width shows ink: it may be one stroke of chalk otherwise


class Sheet(NamedTuple):
    """The paper in a picture."""

    image: np.ndarray  # uint8 [height, width]
    corner: np.ndarray  # int64: y, x of its first pixel in the picture


class Outline(NamedTuple):
    """A convex outline: in the row `top + i` it covers the pixels from `left[i]` to `right[i]`, int64 in `UNITS`."""

    top: int
    left: np.ndarray
    right: np.ndarray


def find_sheet(grey: np.ndarray) -> Sheet:
    """Leaves out the desk.

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
    if outline is None:  # the level may divide the lit part of the sheet from the shaded one
        outline = _find_outline(small, otsu(np.where(np.arange(256) <= level, counts, 0)))
    cut = outline and _cut(grey, outline, small.shape)
    return cut if cut and np.ptp(cut.image) else whole  # paper without grain is no photo: it lies within a drawn frame


def _find_outline(small: np.ndarray, level: int) -> Outline | None:
    """The outline of a sheet that is brighter than `level`, on a desk that is not, without its blurred edge."""
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
    """The first row of a connected part, and where the part begins and ends in each of its rows, int64 [rows]."""
    rows = np.flatnonzero(part.any(axis=1))
    part = part[rows]
    return int(rows[0]), part.argmax(axis=1), part.shape[1] - part[:, ::-1].argmax(axis=1)


def _outline(part: np.ndarray) -> Outline:
    top, begin, end = _ends(part)
    return Outline(top, _lower_hull(begin), -_lower_hull(-end))


def _lower_hull(values: np.ndarray) -> np.ndarray:
    """The largest convex function that is nowhere above `values`, int64 [n]: int64 [n] in `UNITS`, rounded down."""
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
    """Whether the bright part is a sheet, and what is around it a dark desk: see the shares above."""
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
    """Values on either side of where a part begins and ends within the picture: int64 [2, n], inside and outside."""
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
    """The outline without the pixels along its edges, but for edges that are the picture's."""
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
    """Whether an outline is rather that of one bright stroke: a strip without ink."""
    rows, columns = len(outline.left), np.arange(small.shape[1]) * UNITS
    width = int((outline.right.max() - outline.left.min()) // UNITS)
    if max(rows, width) <= STRIP * min(rows, width):
        return False
    covered = (columns >= outline.left[:, None]) & (columns + UNITS <= outline.right[:, None])
    values = small[outline.top : outline.top + rows][covered].astype(np.int64)
    return not values.size or int(values.min()) * values.size * 100 > INK * int(values.sum())


def _cut(grey: np.ndarray, outline: Outline, shape: tuple[int, ...]) -> Sheet | None:
    """What an outline in the reduced picture of that shape covers of the picture; None if it covers nothing."""
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
