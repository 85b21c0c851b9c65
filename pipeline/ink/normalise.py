"""Normalises a raw scan to the network's 56 x 56 input picture, for decoding, evaluation and the web app.

All steps use integer arithmetic, so the same scan gives the same bytes on every machine and in every language. A port
follows the numbered steps of `normalise` and the resampling of `Image.Resampling.BILINEAR` in Pillow, which is:

    resize one axis from n to m, horizontal first, then vertical on the rounded result (skip an axis with n = m;
    vertical first if the height is more than 100 widths):
      scale = n / m; support = max(scale, 1)
      for each output x: centre = (x + 0.5) * scale
        first = max(trunc(centre - support + 0.5), 0); last = min(trunc(centre + support + 0.5), n)
        weight[i] = max(1 - abs((i - centre + 0.5) / support), 0) for i in first .. last - 1, divided by their sum
        fixed[i] = trunc(weight[i] * 2**22 + 0.5)
        output = clip((2**21 + sum(fixed[i] * input[i])) >> 22, 0, 255)

The filter is a triangle as wide as the step: bilinear for enlarging, antialiased for reducing. (`Resampling.BOX` is a
third faster, but produces steps when enlarging.) One core normalises about 25,000 scans of 75 x 75
pixels per second.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image

SIDE = 56  # pixels of the network's input, as in the article
MARGIN = 4  # pixels of black at each end of the longer side: 1/14 of `SIDE`
INNER = SIDE - 2 * MARGIN
_NARROW = 100  # `Image.resize` reduces scans with a height of more than this many widths vertically first


class BlankScanError(ValueError):
    """A scan without ink: every pixel is 255."""


def _stretch(peak: int) -> list[int]:
    return [min((510 * value + peak) // (2 * peak), 255) for value in range(256)]


_STRETCH = np.array([range(256), *(_stretch(peak) for peak in range(1, 256))], np.uint8)  # [peak, value]
_INVERT_AND_STRETCH = np.ascontiguousarray(_STRETCH[:, ::-1])  # [peak, 255 - value]


def normalise(scan: np.ndarray) -> np.ndarray:
    """Normalises a scan: makes ink bright on black, keeps the aspect ratio, centres and stretches the contrast.

    1. Invert: value = 255 - scan. Ink is every value above 0 (strokes may be as faint as 1).
    2. Stretch: peak = the largest value; value = min(floor((510 * value + peak) / (2 * peak)), 255).
    3. Crop to the bounding box of all ink, w x h.
    4. Resize so that the longer side is 48; the other one becomes max(floor((48 * short + floor(long / 2)) / long), 1).
    5. Stretch again as in step 2, because reducing makes thin strokes fainter.
    6. Paste on black 56 x 56 with the left edge at floor((56 - w) / 2) and the top edge at floor((56 - h) / 2).

    Args:
        scan: uint8 [height, width], 255 = paper.

    Returns:
        uint8 [56, 56], 0 = paper, 255 = the strongest ink.

    Raises:
        BlankScanError: no pixel is below 255.
    """
    darkest = int(scan.min())
    if darkest == 255:
        raise BlankScanError(f"blank: no ink in {scan.shape[1]} x {scan.shape[0]} pixels")
    ink = _core_image(cv2.LUT(scan, _INVERT_AND_STRETCH[255 - darkest]))
    ink = ink.crop(ink.getbbox())
    width, height = fitted_size(*ink.size)
    left, top = (SIDE - width) // 2, (SIDE - height) // 2
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    _core_image(canvas).paste(_resized(ink, width, height), (left, top, left + width, top + height))
    return cv2.LUT(canvas, _STRETCH[canvas.max()], dst=canvas)


def _core_image(pixels: np.ndarray) -> Any:
    """A view of contiguous uint8 [height, width] pixels as the image type of Pillow's C code.

    `Image` wraps this type in checks and copies, which would take 12 microseconds per scan.
    """
    height, width = pixels.shape
    return Image.core.map_buffer(pixels, (width, height), "raw", 0, ("L", 0, 1))


def _resized(ink: Any, width: int, height: int) -> Any:
    """Resizes a core image as `Image.resize` does."""
    columns, rows = ink.size
    if rows > _NARROW * columns:
        ink, rows = ink.resize((columns, height), Image.Resampling.BILINEAR, (0, 0, columns, rows)), height
    return ink.resize((width, height), Image.Resampling.BILINEAR, (0, 0, columns, rows))


def fitted_size(width: int, height: int) -> tuple[int, int]:
    """Size of `width` x `height` pixels of ink after resizing the longer side to `INNER`."""
    longer = max(width, height)
    return (
        max((INNER * width + longer // 2) // longer, 1),
        max((INNER * height + longer // 2) // longer, 1),
    )
