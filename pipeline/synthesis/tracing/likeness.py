"""How alike two characters are: where their strokes run, and in which direction.

The features are those of classical recognisers (directional element features on a grid, normalised by moments; Kimura
et al. 1997, Liu et al. 2004). They do not depend on the number, order or sense of the strokes. They are whole numbers,
whose sums in float64 are exact, so that every machine ranks alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

GRID = 8  # positions per side
DIRECTIONS = 8  # over half a turn
STEP = 16.0  # units between the points that are counted
SIDE = 3.6  # standard deviations that the grid spans
SQUARE = 0.7  # 1 = both axes have the same spread after normalisation, 0 = the aspect is kept
NARROWEST = 0.2  # spread of the short axis over that of the long one, at least
SCALE = 1000.0  # of the features


def features(strokes: Iterable[ArrayLike]) -> np.ndarray:
    """Returns the features of a character, float64 [GRID * GRID * DIRECTIONS]: whole numbers from 0 to SCALE.

    Args:
        strokes: [stroke][point] -> (x, y) in units of an em square of 1024; at least two points that differ.
    """
    at, way, length = _sample([np.asarray(stroke, np.float64) for stroke in strokes])
    at, way = _normalise(at, way, length / length.sum())
    angle = np.arctan2(way[:, 1], way[:, 0]) / np.pi % 1 * DIRECTIONS
    cell = np.clip(at * GRID - 0.5, 0, GRID - 1)
    place = np.column_stack([cell, angle])  # [n, 3]: column, row, direction
    low, share = np.floor(place).astype(int), place % 1
    total = np.zeros((GRID + 1, GRID + 1, DIRECTIONS))
    for corner in product((0, 1), repeat=3):
        column, row, direction = (low + corner).T
        part = np.abs(1 - np.array(corner) - share).prod(axis=1)
        np.add.at(total, (row, column, direction % DIRECTIONS), part * length)
    counted = total[:GRID, :GRID].ravel()
    return np.round(np.sqrt(counted / counted.sum()) * SCALE)


def ranks(found: np.ndarray, own: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns how many known characters each found one resembles more than its own: int [n].

    Args:
        found: float64 [n, d], features of the found characters.
        own: int [n], the row of `known` that each should be.
        known: float64 [m, d].
    """
    distance = (known**2).sum(axis=1) - 2 * found @ known.T  # [n, m], less a constant per row
    return (distance < distance[np.arange(len(own)), own][:, None]).sum(axis=1)


def _sample(lines: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points [n, 2] along lines, the vector of the segment there [n, 2], and the length that each stands for [n]."""
    starts = np.concatenate([line[:-1] for line in lines])
    ways = np.concatenate([np.diff(line, axis=0) for line in lines])
    lengths = np.sqrt((ways**2).sum(axis=1))
    counts = np.maximum(np.ceil(lengths / STEP).astype(int), 1)
    segment = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (step + 0.5) / counts[segment]
    return starts[segment] + ways[segment] * share[:, None], ways[segment], (lengths / counts)[segment]


def _normalise(at: np.ndarray, way: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places points in the unit square by their mean and spread, and scales the vectors alike."""
    mean = share @ at
    spread = np.sqrt(share @ (at - mean) ** 2)
    longest = float(spread.max())
    side = np.maximum(spread, NARROWEST * longest) ** SQUARE * longest ** (1 - SQUARE)
    return (at - mean) / (SIDE * side) + 0.5, way / side
