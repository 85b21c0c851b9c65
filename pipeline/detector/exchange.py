"""The symbols of ink apart from their formulas: each may be written in place of another.

library = Library(symbols of each formula)
symbol = exchange(symbol, unit_of(formula), params, rng, library)     # mostly itself
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.params import MathAugment

STRETCH = 1.6  # another writer's symbol may be stretched so much more along one axis than along the other
TRIES = 4  # symbols of other classes that are tried in one place
ROOM = 1.15  # such a symbol may be so much larger than the one it replaces,
LEAST_SCALE = 0.75  # and may be made so much smaller to fit
THIN = 2.0  # pixels; a narrower symbol is not stretched across


class InkSymbol(NamedTuple):
    """The ink of one symbol.

    Attributes:
        label: its class.
        points: float `[n, 2]`, x and y in pixels, stroke after stroke.
        lengths: number of points of each stroke.
    """

    label: int
    points: np.ndarray
    lengths: Sequence[int]


class Library:
    """The symbols of many formulas, to be written in place of others.

    Args:
        formulas: the symbols of each.
    """

    def __init__(self, formulas: Iterable[Sequence[InkSymbol]]) -> None:
        self._of_class: dict[int, list[InkSymbol]] = {}
        for symbols in formulas:
            if not symbols:
                continue
            unit, middles = unit_of(symbols), np.array([sum(_ends(symbol.points)) / 2 for symbol in symbols])
            line = np.median(middles[:, 1])
            for symbol, (x, _) in zip(symbols, middles, strict=True):
                own = symbol._replace(points=(symbol.points - (x, line)) / unit)
                self._of_class.setdefault(symbol.label, []).append(own)
        self._classes = sorted(self._of_class)

    def draw(self, rng: np.random.Generator, unit: float, label: int | None = None) -> InkSymbol:
        """A random symbol of the class, or of a random class, as large as it would be in a formula of this unit.

        Its middle lies at x = 0, and the middle line of its formula at y = 0.
        """
        alike = self._of_class[self._classes[rng.integers(len(self._classes))] if label is None else label]
        symbol = alike[rng.integers(len(alike))]
        return symbol._replace(points=symbol.points * unit)


def exchange(
    symbol: InkSymbol, unit: float, params: MathAugment, rng: np.random.Generator, library: Library
) -> InkSymbol:
    """What stands in place of `symbol`: mostly itself."""
    chance = rng.random()
    if chance < params.balance:
        drawn = (library.draw(rng, unit) for _ in range(TRIES))
        return next(filter(None, (_put(symbol, other) for other in drawn)), symbol)
    if chance < params.balance + params.swap:
        return _stretch(symbol, library.draw(rng, unit, symbol.label))
    return symbol


def _put(symbol: InkSymbol, other: InkSymbol) -> InkSymbol | None:
    """`other` in its own size within the extent of `symbol`, at its own height if possible; None if it is too large."""
    (low, high), (other_low, other_high) = _ends(symbol.points), _ends(other.points)
    room, size = (high - low) * ROOM + THIN, other_high - other_low
    scale = min(1.0, float(np.min(room / np.maximum(size, THIN))))
    if scale < LEAST_SCALE:
        return None
    middle, slack = (low + high) / 2, np.maximum(high - low - size * scale, 0) / 2
    offset = np.clip((other_low + other_high) / 2 * scale, -slack, slack)
    return other._replace(points=(other.points - (other_low + other_high) / 2) * scale + middle + offset)


def _stretch(symbol: InkSymbol, other: InkSymbol) -> InkSymbol:
    """`other` stretched to the extent of `symbol`, or `symbol` where that would distort it."""
    (low, high), (other_low, other_high) = _ends(symbol.points), _ends(other.points)
    stretch = np.maximum(high - low, THIN) / np.maximum(other_high - other_low, THIN)
    if stretch.max() > STRETCH * stretch.min():
        return symbol
    return other._replace(points=(other.points - (other_low + other_high) / 2) * stretch + (low + high) / 2)


def _ends(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest x and y, `[2]` both."""
    return points.min(axis=0), points.max(axis=0)


def unit_of(symbols: Sequence[InkSymbol]) -> float:
    """The size of a formula's symbols: the median of their longer sides in pixels."""
    return max(THIN, float(np.median([np.ptp(symbol.points, axis=0).max() for symbol in symbols])))
