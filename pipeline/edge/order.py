"""The order in which one reads the symbols of a formula."""

from __future__ import annotations

import numpy as np

APART = 0.5  # of the shorter one's length: two boxes that overlap by less stand beside each other


def reading_order(boxes: np.ndarray) -> list[int]:
    """Indices of boxes in reading order: what stands side by side from left to right, what is stacked from above.

    Boxes are parted where nothing overlaps, first along the line, then down the page, and so on within each part; so a
    fraction gives its numerator, the bar, the denominator. Where neither parts them, as under a root, the leftmost one
    goes first.

    Args:
        boxes: float [n, 4]: ymin, xmin, ymax, xmax.
    """
    low, high = boxes[:, :2].T, boxes[:, 2:].T  # [axis, n]
    shared = np.minimum(high[:, :, None], high[:, None]) - np.maximum(low[:, :, None], low[:, None])  # [axis, n, n]
    shorter = np.minimum((high - low)[:, :, None], (high - low)[:, None])
    return _ordered(low, shared > APART * shorter, list(range(len(boxes))))


def _ordered(low: np.ndarray, overlap: np.ndarray, members: list[int]) -> list[int]:
    if len(members) < 2:
        return members
    for axis in (1, 0):
        parts = _parts(low[axis], overlap[axis], members)
        if len(parts) > 1:
            return [index for part in parts for index in _ordered(low, overlap, part)]
    first = min(members, key=lambda index: (low[1, index], low[0, index], index))
    return [first, *_ordered(low, overlap, [index for index in members if index != first])]


def _parts(low: np.ndarray, overlap: np.ndarray, members: list[int]) -> list[list[int]]:
    """Groups that overlaps hold together along one axis, by where they begin."""
    parts: list[list[int]] = []
    for index in sorted(members, key=lambda index: (low[index], index)):
        touched = [part for part in parts if overlap[index, part].any()]
        parts = [part for part in parts if part not in touched]
        parts.append([*(other for part in touched for other in part), index])
    return sorted(parts, key=lambda part: (low[part].min(), min(part)))
