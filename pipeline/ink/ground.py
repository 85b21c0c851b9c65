"""Estimates the ground under the ink: whether it is lighter than the ink, and its brightness at each pixel.

    dark = ink_is_dark(grey)       # True: ink on paper; False: chalk on a board
    level = ground_level(grey)     # for dark ink: the picture without its ink

Both functions reduce the picture to 512 pixels and use a window that is larger than any pen stroke: a third of the
longer side. All steps use integer arithmetic. A megapixel takes about 20 ms.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

SIDE = 512  # pixels of the longer side after reducing
WINDOW = 3  # number of windows along the longer side
LIVELY = 4  # a pixel votes on the polarity if the contrast around it is at least 1 / LIVELY of the strongest
RIM = 32  # the rim of a picture is 1 / RIM of its shorter side wide
INK = 55  # percent of the largest depth; a deeper pixel is ink; deep shadows reach 50
DENSE = 30  # percent of a window; ink that covers more shifts the median


def ink_is_dark(grey: np.ndarray) -> bool:
    """Whether ink is darker than its ground. The ground is what fills more of the picture and of its rim.

    Each pixel votes with its position between the darkest and the lightest pixel of its window. The means over the
    picture and over its rim count equally. A thick pen may fill most of a tight picture, but touches the rim at few
    places. A thin pen in the middle of a wide sheet leaves no contrast at the rim, so the rim does not vote.

    Args:
        grey: uint8 [height, width].
    """
    calm, window = _calm(shrink(grey, SIDE))
    low, high = cv2.erode(calm, window), cv2.dilate(calm, window)
    contrast = cv2.subtract(high, low).astype(np.int64)
    votes = contrast * LIVELY >= max(int(contrast.max()), 1)
    lightness = 2 * calm.astype(np.int64) - low - high  # from -contrast to contrast
    height, width = calm.shape
    rim = max(min(height, width) // RIM, 1)
    inner = np.zeros(calm.shape, bool)
    inner[rim : height - rim, rim : width - rim] = True
    (whole, most), (around, most_around) = (
        (int(lightness[place].sum()), max(int(contrast[place].sum()), 1)) for place in (votes, votes & ~inner)
    )
    return whole * most_around + around * most >= 0


def ground_level(grey: np.ndarray) -> np.ndarray:
    """Brightness of the ground at each pixel of a picture with dark ink: uint8 [height, width].

    The brightness is the median of the window. If ink covers so much of a window that it shifts the median, a closing
    of the size of the window first replaces the ink.

    Args:
        grey: uint8 [height, width].
    """
    small = shrink(grey, SIDE)
    calm, window = _calm(small)
    side = window.shape[0]
    level = cv2.medianBlur(small, side)
    closed = cv2.erode(cv2.dilate(calm, window), window)
    depth = cv2.subtract(closed, calm).astype(np.int32)
    ink = depth * 100 > INK * int(depth.max())
    covered = cv2.boxFilter(  # repeats the edges of the picture, as the median does
        ink.astype(np.uint8), cv2.CV_32S, window.shape, normalize=False, borderType=cv2.BORDER_REPLICATE
    )
    dense = covered * 100 > DENSE * side * side
    if dense.any():
        level = np.where(dense, cv2.medianBlur(np.where(ink, closed, small), side), level)
    height, width = grey.shape
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BILINEAR))


def shrink(grey: np.ndarray, side: int) -> np.ndarray:
    """Reduces a picture, uint8 [height, width], to a longer side of at most `side` pixels, by means of areas."""
    height, width = grey.shape
    longer = max(height, width)
    if longer <= side:
        return grey
    size = max(width * side // longer, 1), max(height * side // longer, 1)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def _calm(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture with less sensor noise, and its window: uint8 [side, side] of ones."""
    side = max(small.shape) // WINDOW | 1
    return cv2.GaussianBlur(small, (3, 3), 0), np.ones((side, side), np.uint8)
