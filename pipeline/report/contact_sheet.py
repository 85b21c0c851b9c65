"""Contact sheets of samples: ink dark on white paper, as a reader expects it."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from pipeline.files import atomic_file

PAPER = 255


def as_printed(images: np.ndarray) -> np.ndarray:
    """Samples (ink bright on black) as dark ink on white."""
    return PAPER - images


def write_sheet(path: Path, images: np.ndarray, columns: int) -> None:
    """Writes a `sheet` as PNG. Not by `cv2.imwrite`, which says nothing of a full disk."""
    _, encoded = cv2.imencode(".png", sheet(images, columns))
    with atomic_file(path) as partial:
        partial.write_bytes(encoded.tobytes())


def sheet(images: np.ndarray, columns: int, gap: int = 4) -> np.ndarray:
    """Samples side by side, row after row.

    Args:
        images: uint8 [n, height, width], ink bright on black.
        columns: samples to a row.
        gap: white pixels between them and around the sheet.

    Returns:
        uint8 [rows * (height + gap) + gap, columns * (width + gap) + gap], white where the last row is not full.
    """
    count, height, width = images.shape
    rows = math.ceil(count / columns)
    page = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap), PAPER, np.uint8)
    for index, image in enumerate(as_printed(images)):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return page
