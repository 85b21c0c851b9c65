"""Fits traced strokes to the medians of the same character: size, order and direction.

A tracing knows neither. The writer model needs all three: components are runs of strokes in writing order, and the pen
moves from the end of a stroke to the start of the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.synthesis.hands.medians import EM, Strokes

SAMPLES = 12  # points per stroke that are compared
CLOSED = 0.15  # of its extent; a line whose ends are nearer than this is closed


def fit(lines: Sequence[np.ndarray], medians: Strokes) -> Strokes:
    """Returns traced strokes in the box of the medians, in the order and direction of the strokes nearest to them.

    Args:
        lines: float64 [k, 2] each, in any unit, y down.
        medians: of the same character.
    """
    lines = open_loops(lines)
    written = [np.array(stroke, np.float64) for stroke in medians]
    low, high = _box(written)
    own_low, own_high = _box(lines)
    scale = float((high - low).max() / max((own_high - own_low).max(), 1e-9))
    placed = [(line - (own_low + own_high) / 2) * scale + (low + high) / 2 for line in lines]
    # The boxes may differ in aspect: strokes are compared as if both filled one square.
    shape = np.maximum(high - low, 1), np.maximum((own_high - own_low) * scale, 1)
    known = np.stack([_along(line) for line in written]) / shape[0]  # [n, SAMPLES, 2]
    centre = (low + high) / 2 / shape[0] - (low + high) / 2 / shape[1]
    keys, turned = [], []
    for line in placed:
        own = _along(line) / shape[1] + centre
        stroke, start, sense = _place(own, known)
        keys.append((stroke, start))
        turned.append(line[::-1] if sense < 0 else line)
    order = sorted(range(len(turned)), key=keys.__getitem__)
    return to_units([turned[index] for index in order])


def lay_out(lines: Sequence[np.ndarray], em: float) -> Strokes:
    """Returns the strokes of a glyph without medians: from left to right, each from its upper left end.

    Args:
        lines: float64 [k, 2] each, in pixels, y down.
        em: pixels per em; those of the result are `EM` units.
    """
    lines = open_loops(lines)
    low, high = _box(lines)
    placed = [(line - (low + high) / 2) * (EM / em) + EM / 2 for line in lines]
    turned = [line[::-1] if line[0].sum() > line[-1].sum() else line for line in placed]
    return to_units(sorted(turned, key=lambda line: (float(line[:, 0].min()), float(line[0, 1]))))


def open_loops(lines: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Splits closed lines in two, as a hand writes a box: from the upper left to the lower right, on either side."""
    opened: list[np.ndarray] = []
    for line in lines:
        extent = float(np.ptp(line, axis=0).max())
        if len(line) < 4 or float(np.hypot(*(line[0] - line[-1]))) > CLOSED * extent:
            opened.append(line)
            continue
        start = int(line[:-1].sum(axis=1).argmin())
        turned = np.concatenate([line[start:-1], line[:start], line[start : start + 1]])
        corner = int(turned.sum(axis=1).argmax())
        opened += [turned[: corner + 1], turned[corner:][::-1]]
    return opened


def to_units(lines: Sequence[np.ndarray]) -> Strokes:
    """Returns lines as strokes in whole units."""
    return tuple(tuple((int(x), int(y)) for x, y in np.round(line)) for line in lines)


def _box(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate(lines)
    return points.min(axis=0), points.max(axis=0)


def _along(line: np.ndarray) -> np.ndarray:
    """SAMPLES points at equal distances along a line: float64 [SAMPLES, 2]."""
    lengths = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(line, axis=0) ** 2).sum(axis=1)))])
    at = np.linspace(0, lengths[-1], SAMPLES)
    return np.stack([np.interp(at, lengths, line[:, axis]) for axis in (0, 1)], axis=1)


def _place(own: np.ndarray, known: np.ndarray) -> tuple[int, float, float]:
    """The known stroke nearest to most points of `own`, where on it `own` starts, and whether it runs along (> 0)."""
    distance = ((own[:, None, None] - known) ** 2).sum(axis=3)  # [SAMPLES, n, SAMPLES]
    stroke = int(distance.min(axis=2).mean(axis=0).argmin())
    nearest = distance[:, stroke].argmin(axis=1)  # [SAMPLES]
    along = np.diff(known[stroke], axis=0, append=known[stroke][-1:])[np.minimum(nearest, SAMPLES - 2)]
    ways = np.diff(own, axis=0)
    sense = round(float((along[:-1] * ways).sum()), 9)
    return stroke, float(nearest.min()), sense if sense else 1.0
