"""Merges detections to one per place, and assigns strokes to them.

    found = places(detections)                    # shown to a user for a photo
    segments = segment(strokes, found, threshold) # shown to a user for ink

A detector may report several classes for one place. Their scores add up: half 0, half o is one certain symbol.

A stroke belongs to the box that contains most of its points; if several contain about as many, to the smallest. A
symbol under a root thus belongs to the inner box, while the root's stroke extends beyond every inner box. This rule may
leave a box without the strokes that would fill it: each bar of an equals sign may also lie in the box of a minus. Then
the competing box with the lowest score is dropped. With the true boxes as detections, the segments find 99.5 % of the
symbols of CROHME's test 2013, and 99.4 % if the boxes are off by one pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.edge.detections import Detections, box_iou

LEAST = 0.3  # share of a stroke's points that a box must contain to own the stroke
ABOUT = 0.3  # largest difference of two shares that count as equal
MARGIN = 2.0  # pixels around a box that count as inside, because a thin bar is no thicker than the error of its box
HALF_PEN = 1.0  # pixels; a box exceeds the extent of its points by this much
SAME_PLACE = 0.6  # lowest IoU of two boxes at the same place
FILLED = 0.9  # share of the IoU with all candidate strokes that a box must keep; below it, other boxes took its strokes
NOBODY = -1


class Segment(NamedTuple):
    """The strokes of one symbol, by index, and its predicted class."""

    strokes: frozenset[int]
    label: int


def places(found: Detections) -> Detections:
    """Merges detections to one per place, best first.

    The scores of all classes of one box add up. Among boxes with an IoU of at least `SAME_PLACE`, the box with the
    highest sum remains. It gets the class with the highest total score in all these boxes.
    """
    boxes, box_of = np.unique(found.boxes, axis=0, return_inverse=True)
    sums = np.bincount(box_of, found.scores, len(boxes))
    free = np.ones(len(boxes), bool)
    kept, labels = [], []
    for index in np.argsort(-sums, kind="stable"):
        if free[index]:
            here = free & (box_iou(boxes[index], boxes) >= SAME_PLACE)
            here[index] = True  # a box without extent overlaps nothing, not even itself
            free &= ~here
            kept.append(index)
            names = here[box_of]
            labels.append(np.bincount(found.labels[names], found.scores[names]).argmax())
    return Detections(boxes[kept], np.array(labels, int), sums[kept])


def segment(strokes: Sequence[np.ndarray], found: Detections, threshold: float) -> list[Segment]:
    """Groups strokes by detection; leaves out strokes outside all boxes.

    Args:
        strokes: float [points, 2] each, x and y in the pixels of the boxes.
        found: one detection per place, see `places`.
        threshold: lowest score of a detection that counts.

    Returns:
        One segment per detection that owns strokes, best first.
    """
    kept = np.flatnonzero(np.asarray(found.scores) >= threshold)
    # Sorts by score, then by the detector's order, so that the result is defined for equal scores.
    kept = kept[np.argsort(-found.scores[kept], kind="stable")]
    owners = _owners(strokes, found.boxes[kept].astype(np.float64), found.scores[kept])
    return [
        Segment(frozenset(np.flatnonzero(owners == index).tolist()), int(found.labels[detection]))
        for index, detection in enumerate(kept)
        if (owners == index).any()
    ]


def _owners(strokes: Sequence[np.ndarray], boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Index of the box that owns each stroke, or NOBODY; int [strokes]. Boxes are sorted, best first."""
    shares = _shares_inside(strokes, boxes)  # [stroke, box]
    held = shares >= np.maximum(shares.max(axis=1, keepdims=True, initial=0) - ABOUT, LEAST)
    extents = _extents(strokes)
    full = np.array([_fit(extents[held[:, box]], boxes[box]) for box in range(len(boxes))])
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    active = np.ones(len(boxes), bool)
    while True:
        owners = _smallest(held & active, areas)
        losers = []
        for box in np.flatnonzero(active & held.any(axis=0)):
            if _fit(extents[owners == box], boxes[box]) < FILLED * full[box]:
                rivals = owners[held[:, box] & (owners != box)]
                losers.append(max(box, *rivals))  # boxes are sorted: the largest index has the lowest score
        if not losers:
            return owners
        active[max(losers)] = False


def _shares_inside(strokes: Sequence[np.ndarray], boxes: np.ndarray) -> np.ndarray:
    """Share of each stroke's points that lie in each box; float [strokes, boxes]."""
    low, high = boxes[:, None, 1::-1] - MARGIN, boxes[:, None, :1:-1] + MARGIN  # [box, 1, (x, y)]
    shares = np.zeros((len(strokes), len(boxes)))
    for index, points in enumerate(strokes):
        if len(points):
            shares[index] = ((points >= low) & (points <= high)).all(axis=2).mean(axis=1)
    return shares


def _extents(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """Box of each stroke, half a pen wider than its points; float [strokes, 4]. NaN for a stroke without points."""
    extents = np.full((len(strokes), 4), np.nan)
    for index, points in enumerate(strokes):
        if len(points):
            extents[index] = [*(points.min(axis=0)[::-1] - HALF_PEN), *(points.max(axis=0)[::-1] + HALF_PEN)]
    return extents


def _fit(extents: np.ndarray, box: np.ndarray) -> float:
    """IoU of a box with the common extent of its strokes' boxes [n, 4]; 0 without strokes."""
    if not len(extents):
        return 0.0
    union = np.concatenate([extents[:, :2].min(axis=0), extents[:, 2:].max(axis=0)])
    return float(box_iou(box, union[None])[0])


def _smallest(held: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Index of the smallest box that holds each stroke, or NOBODY; among equals, the box with the higher score."""
    if not held.size:
        return np.full(len(held), NOBODY)
    candidates = np.where(held, areas, np.inf)
    return np.where(held.any(axis=1), candidates.argmin(axis=1), NOBODY)
