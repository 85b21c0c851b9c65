"""Finds by how much the writing on a page is tilted, and turns its ink upright.

    slope = find_slope(find_parts(ink))            # 0: upright, or too little evidence
    upright, turn = turn_upright(ink, slope)
    turn.to_page(boxes)                            # boxes on the upright picture, in pixels of the tilted one

Rows of ink are counted along many slopes. Along the lines of writing, rows are either full or empty, so the sum of
their squares is largest. Source: Postl 1986, "Detection of linear oblique structures and skew scan in digitized
documents". Long parts, such as fraction bars, are left out: people draw them more slanted than they write.

The sum must exceed that of the upright picture by a margin that shrinks with the number of parts. A short formula is
thus turned only if it is tilted much, a single symbol never. Of single upright formulas, 1 % (synthetic) to 3 %
(CROHME) are turned; of those tilted by 20 degrees, three quarters come within 6 degrees, and the others are mostly
short. Pages of several formulas are more certain. All steps use integers or floating point that every CPU rounds
equally.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.ink.develop import Parts
from pipeline.ink.ground import shrink

SIDE = 512  # pixels of the longer side after reducing
UNITS = 1024  # slopes are tangents in 1 / UNITS
STEP, STEPS = 9, 53  # slopes are tried every half degree up to 25 degrees
DEAD = 3  # steps, 1.5 degrees; a smaller slope counts as upright
FEWEST = 4  # parts that show a slope
LONG = 2  # a part longer than `LONG` typical ones shows no slope
GAIN, EVIDENCE = 20, 240  # percent by which the sum of squares must grow: GAIN, and EVIDENCE / number of parts
ONE = 1 << 16  # fixed-point units of sines and of coordinates
BAND = 64  # rows that are turned at once


class Turn(NamedTuple):
    """The position of an upright picture on the tilted one, in fixed point with `ONE` units."""

    cosine: int
    sine: int
    corner: np.ndarray  # int64: y, x of the top left pixel of the upright picture, in turned pixels of the tilted one

    def to_page(self, boxes: np.ndarray) -> np.ndarray:
        """Maps boxes of the upright picture, [n, 4], to the boxes around them on the tilted picture."""
        top, left, bottom, right = (boxes + np.tile(self.corner, 2)).T
        y, x = np.stack([top, top, bottom, bottom]), np.stack([left, right, left, right])  # [corner, n]
        cosine, sine = self.cosine / ONE, self.sine / ONE
        # One operation per step, so that each is rounded: fused operations differ between CPUs.
        down = [y * cosine, x * sine]
        across = [x * cosine, y * sine]
        y, x = down[0] - down[1], across[0] + across[1]
        return np.stack([y.min(axis=0), x.min(axis=0), y.max(axis=0), x.max(axis=0)], axis=1)


def find_slope(parts: Parts) -> int:
    """The slope of the lines of writing in 1 / `UNITS`, positive if they rise to the right; 0 without enough evidence.

    Args:
        parts: the connected parts of the ink.
    """
    shown = parts.sizes <= LONG * parts.typical
    count = int(shown.sum())
    if count < FEWEST:
        return 0
    small = shrink(parts.mask(np.flatnonzero(shown)) * np.uint8(255), SIDE)
    y, x = np.nonzero(small)
    weights = small[y, x].astype(np.float64)
    sums = [_squares(y * UNITS + x * (STEP * step), weights) for step in range(-STEPS, STEPS + 1)]
    step = int(np.argmax(sums)) - STEPS
    best, upright = max(sums), sums[STEPS]
    if abs(step) < DEAD:
        return 0
    enough = (best - upright) * (100 * count) >= upright * max(GAIN * count, EVIDENCE)
    return STEP * step if enough else 0


def _squares(places: np.ndarray, weights: np.ndarray) -> float:
    """The sum of the squares of the ink per row, exact: below 2**53."""
    rows = places >> 10
    counts = np.bincount(rows - rows.min(), weights)
    return float((counts * counts).sum())


def turn_upright(image: np.ndarray, slope: int) -> tuple[np.ndarray, Turn]:
    """Turns a picture, uint8 [height, width], so that lines of this slope become level; fills its corners with 0."""
    length = math.sqrt(UNITS * UNITS + slope * slope)
    cosine, sine = math.floor(ONE * UNITS / length + 0.5), math.floor(ONE * slope / length + 0.5)
    height, width = image.shape
    across = [0, width * cosine, -height * sine, width * cosine - height * sine]
    down = [0, width * sine, height * cosine, width * sine + height * cosine]
    left, right, top, bottom = min(across) // ONE, -(-max(across) // ONE), min(down) // ONE, -(-max(down) // ONE)
    turn = Turn(cosine, sine, np.array([top, left]))
    bands = [np.arange(row, min(row + BAND, bottom)) for row in range(top, bottom, BAND)]
    padded = cv2.copyMakeBorder(image, 2, 2, 2, 2, cv2.BORDER_CONSTANT)
    return np.concatenate([_turned_rows(padded, band[:, None], np.arange(left, right), turn) for band in bands]), turn


def _turned_rows(padded: np.ndarray, rows: np.ndarray, columns: np.ndarray, turn: Turn) -> np.ndarray:
    """Samples pixels between their four neighbours; the picture has two pixels of black around it."""
    across, down = 2 * columns + 1, 2 * rows + 1  # the middles of the pixels, doubled
    x = (across * turn.cosine + down * turn.sine - ONE) >> 1
    y = (down * turn.cosine - across * turn.sine - ONE) >> 1
    share_x, share_y = (x >> 8) & 255, (y >> 8) & 255
    height, width = padded.shape
    x, y = np.clip((x >> 16) + 2, 0, width - 2), np.clip((y >> 16) + 2, 0, height - 2)
    flat, place = padded.reshape(-1).astype(np.int32), y * width + x
    upper = flat[place] * (256 - share_x) + flat[place + 1] * share_x
    lower = flat[place + width] * (256 - share_x) + flat[place + width + 1] * share_x
    return ((upper * (256 - share_y) + lower * share_y + ONE // 2) >> 16).astype(np.uint8)
