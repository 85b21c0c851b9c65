"""Contact sheets of samples, drawn as dark ink on white paper."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from pipeline.files import atomic_file

PAPER = 255


def as_printed(images: np.ndarray) -> np.ndarray:
    """Inverts samples (ink bright on black) to dark ink on white."""
    return PAPER - images


def write_sheet(path: Path, images: np.ndarray, columns: int) -> None:
    """Writes a `sheet` as PNG.

    Does not use `cv2.imwrite`, which does not report a full disk.
    """
    _, encoded = cv2.imencode(".png", sheet(images, columns))
    with atomic_file(path) as partial:
        partial.write_bytes(encoded.tobytes())


def sheet(images: np.ndarray, columns: int, gap: int = 4) -> np.ndarray:
    """Arranges samples in rows.

    Args:
        images: uint8 [n, height, width], ink bright on black.
        columns: samples per row.
        gap: width in pixels of the white space between samples and around the sheet.

    Returns:
        uint8 [rows * (height + gap) + gap, columns * (width + gap) + gap]; unused places in the last row are white.
    """
    count, height, width = images.shape
    rows = math.ceil(count / columns)
    page = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap), PAPER, np.uint8)
    for index, image in enumerate(as_printed(images)):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return page
