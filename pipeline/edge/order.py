"""Computes the reading order of the symbols in a formula."""

from __future__ import annotations

import numpy as np

APART = 0.5  # largest overlap, as a share of the shorter box, at which two boxes are separate on an axis


def reading_order(boxes: np.ndarray) -> list[int]:
    """Returns the indices of boxes in reading order: from left to right, and from top to bottom in stacks.

    Splits the boxes into groups that do not overlap, first horizontally, then vertically, and repeats this within each
    group. A fraction is thus read as numerator, bar, denominator. If no axis splits a group, as with a root, the
    leftmost box comes first.

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
    """Groups of boxes connected by overlaps along one axis, in the order of their starts."""
    parts: list[list[int]] = []
    for index in sorted(members, key=lambda index: (low[index], index)):
        touched = [part for part in parts if overlap[index, part].any()]
        parts = [part for part in parts if part not in touched]
        parts.append([*(other for part in touched for other in part), index])
    return sorted(parts, key=lambda part: (low[part].min(), min(part)))
