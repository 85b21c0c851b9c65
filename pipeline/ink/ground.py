"""What ink lies on: whether it is lighter than the ink, and how bright it is at each place.

    dark = ink_is_dark(grey)              # black on white, or chalk on a board
    level = ground_level(grey)            # of dark ink, as if there were no ink on it

Both look at the picture at 512 pixels, without its noise, through a window that no pen fills: a third of the longer
side. All of it is integer arithmetic. A megapixel takes some 30 ms.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

SIDE = 512  # pixels that the longer side is reduced to
WINDOW = 3  # windows along the longer side
LIVELY = 4  # a place counts for the polarity where contrast is at least 1 / LIVELY of the strongest
RIM = 32  # the picture's rim is 1 / RIM of its shorter side
DENSE = 3
DEPTH = 2  # what is darker than the ground by 1 / DEPTH of the deepest ink is not taken for ground


def ink_is_dark(grey: np.ndarray) -> bool:
    """Whether ink is darker than its ground: the ground fills more of the picture, and of the picture's rim.

    Each pixel with contrast around it says how dark it is between the darkest and the lightest of its window. The mean
    over the picture and the mean over its rim count alike: a thick pen may fill most of a tight picture, but touches
    its rim at few places; a thin one on a wide sheet leaves the rim without contrast, where it says nothing.

    Args:
        grey: uint8 [height, width].
    """
    calm, side = _calm(shrink(grey, SIDE))
    low, high = cv2.erode(calm, side), cv2.dilate(calm, side)
    contrast = cv2.subtract(high, low).astype(np.int64)
    counts = contrast * LIVELY >= max(int(contrast.max()), 1)
    balance = 2 * calm.astype(np.int64) - low - high  # above 0: rather light
    height, width = calm.shape
    rim = max(min(height, width) // RIM, 1)
    edge = np.ones(calm.shape, bool)
    edge[rim : height - rim, rim : width - rim] = False
    inside, around = (
        (int(balance[place].sum()), max(int(contrast[place].sum()), 1)) for place in (counts, counts & edge)
    )
    return inside[0] * around[1] + around[0] * inside[1] >= 0


def ground_level(grey: np.ndarray) -> np.ndarray:
    """Brightness of the ground at each pixel of a picture of dark ink: uint8 [height, width].

    Ink gives way to the ground around it (a closing that is wider than any pen) before the median around each place is
    taken; so a pen that covers more than half of a window leaves no mark.

    Args:
        grey: uint8 [height, width].
    """
    small = shrink(grey, SIDE)
    calm, side = _calm(small)
    closed = cv2.erode(cv2.dilate(calm, side), side)
    depth = cv2.subtract(closed, calm).astype(np.int32)
    ink = depth * DEPTH > depth.max()
    dense = cv2.boxFilter(ink.astype(np.uint8), cv2.CV_32S, side.shape, normalize=False, borderType=cv2.BORDER_CONSTANT)
    window = side.shape[0]
    level = cv2.medianBlur(small, window)
    if (dense * 5 > 2 * window * window).any():
        level = np.where(dense * 5 > 2 * window * window, cv2.medianBlur(np.where(ink, closed, small), window), level)
    height, width = grey.shape
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BILINEAR))


def shrink(grey: np.ndarray, side: int) -> np.ndarray:
    """A picture whose longer side is at most `side` pixels: the mean of what each of its pixels covers."""
    height, width = grey.shape
    longer = max(height, width)
    if longer <= side:
        return grey
    size = max(width * side // longer, 1), max(height * side // longer, 1)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def _calm(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture without the sensor's noise, and the window's shape."""
    window = max(small.shape) // WINDOW | 1
    return cv2.GaussianBlur(small, (3, 3), 0), np.ones((window, window), np.uint8)
