"""What ink lies on: whether it is lighter than the ink, and how bright it is at each place.

    dark = ink_is_dark(grey)       # True: ink on paper; False: chalk on a board
    level = ground_level(grey)     # of dark ink: as if there were no ink on it

Both work on the picture reduced to 512 pixels, with a window that no pen fills: a third of the longer side. All of it
is integer arithmetic. A megapixel takes about 20 ms.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

SIDE = 512  # pixels that the longer side is reduced to
WINDOW = 3  # windows along the longer side
LIVELY = 4  # a pixel votes on the polarity if the contrast around it is at least 1 / LIVELY of the strongest
RIM = 32  # the rim of a picture is 1 / RIM of its shorter side wide
INK = 55  # percent of the deepest ink's depth, from which on a pixel is ink; deep shadows reach 50
DENSE = 30  # percent of a window; a pen that covers more shifts the median


def ink_is_dark(grey: np.ndarray) -> bool:
    """Whether ink is darker than its ground, which fills more of the picture and of the picture's rim.

    Each pixel says how dark it is between the darkest and the lightest one of its window. The means over the picture
    and over its rim count equally: a thick pen can fill most of a tight picture but touches the rim at few places; a
    thin pen in the middle of a wide sheet leaves no contrast at the rim, where nothing votes then.

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
    """Brightness of the ground at each pixel of a picture of dark ink: uint8 [height, width].

    It is the median of the window. Where ink covers so much of a window that it shifts the median, ink is replaced
    first: by a closing as large as the window.

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
    covered = cv2.boxFilter(  # beyond its edges, the picture goes on as it does for the median
        ink.astype(np.uint8), cv2.CV_32S, window.shape, normalize=False, borderType=cv2.BORDER_REPLICATE
    )
    dense = covered * 100 > DENSE * side * side
    if dense.any():
        level = np.where(dense, cv2.medianBlur(np.where(ink, closed, small), side), level)
    height, width = grey.shape
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BILINEAR))


def shrink(grey: np.ndarray, side: int) -> np.ndarray:
    """A picture, uint8 [height, width], reduced until its longer side is at most `side` pixels: means of areas."""
    height, width = grey.shape
    longer = max(height, width)
    if longer <= side:
        return grey
    size = max(width * side // longer, 1), max(height * side // longer, 1)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def _calm(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture with less of the sensor's noise, and its window: uint8 [side, side] of ones."""
    side = max(small.shape) // WINDOW | 1
    return cv2.GaussianBlur(small, (3, 3), 0), np.ones((side, side), np.uint8)
