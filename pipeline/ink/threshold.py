"""Finds the level between the two classes of a picture's grey values."""

from __future__ import annotations

import numpy as np


def otsu(counts: np.ndarray) -> int:
    """Otsu's threshold of a histogram; the upper class lies above the returned level. Source: Otsu 1979.

    Args:
        counts: int64 [256], number of pixels per grey value.
    """
    weight, moment = np.cumsum(counts)[:-1], np.cumsum(counts * np.arange(256))[:-1]
    total, whole = int(counts.sum()), int((counts * np.arange(256)).sum())
    difference = weight.astype(np.float64) * whole - moment.astype(np.float64) * total
    between = difference * difference / np.maximum(weight.astype(np.float64) * (total - weight), 1)
    return int(between.argmax())
