"""Replaces symbols of a formula by symbols of other formulas, to augment ink.

library = Library(symbols of each formula)
symbol = exchange(symbol, unit_of(formula), params, rng, library)     # mostly returned unchanged
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.params import MathAugment

STRETCH = 1.6  # largest ratio between the stretches of another writer's symbol along the two axes
TRIES = 4  # symbols of random classes tried per place
ROOM = 1.15  # such a symbol may be larger than the replaced one by this factor
LEAST_SCALE = 0.75  # and may be shrunk to this scale to fit
THIN = 2.0  # pixels; narrower extents count as this wide, so that thin symbols are not stretched across


class InkSymbol(NamedTuple):
    """The ink of one symbol.

    Attributes:
        label: class of the symbol.
        points: float `[n, 2]`, x and y in pixels, stroke after stroke.
        lengths: number of points of each stroke.
    """

    label: int
    points: np.ndarray
    lengths: Sequence[int]


class Library:
    """The symbols of many formulas, by class, as replacements for others.

    Args:
        formulas: the symbols of each formula.
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
        """Draws a random symbol.

        Args:
            rng: source of randomness.
            unit: symbol size of the target formula in pixels, see `unit_of`; the symbol is scaled to it.
            label: class to draw from; a random class if None.

        Returns:
            The symbol with its centre at x = 0 and the middle line of its formula at y = 0.
        """
        alike = self._of_class[self._classes[rng.integers(len(self._classes))] if label is None else label]
        symbol = alike[rng.integers(len(alike))]
        return symbol._replace(points=symbol.points * unit)


def exchange(
    symbol: InkSymbol, unit: float, params: MathAugment, rng: np.random.Generator, library: Library
) -> InkSymbol:
    """Returns `symbol` or, with the probabilities in `params`, a replacement.

    Args:
        symbol: the symbol to replace.
        unit: symbol size of its formula in pixels, see `unit_of`.
        params: `balance` is the probability of a symbol of a random class, `swap` that of one of the same class.
        rng: source of randomness.
        library: replacements; must contain the symbol's class.
    """
    chance = rng.random()
    if chance < params.balance:
        drawn = (library.draw(rng, unit) for _ in range(TRIES))
        return next(filter(None, (_put(symbol, other) for other in drawn)), symbol)
    if chance < params.balance + params.swap:
        return _stretch(symbol, library.draw(rng, unit, symbol.label))
    return symbol


def _put(symbol: InkSymbol, other: InkSymbol) -> InkSymbol | None:
    """Moves `other` into the extent of `symbol`, in its original size and height if they fit; None if too large."""
    (low, high), (other_low, other_high) = _ends(symbol.points), _ends(other.points)
    room, size = (high - low) * ROOM + THIN, other_high - other_low
    scale = min(1.0, float(np.min(room / np.maximum(size, THIN))))
    if scale < LEAST_SCALE:
        return None
    middle, slack = (low + high) / 2, np.maximum(high - low - size * scale, 0) / 2
    offset = np.clip((other_low + other_high) / 2 * scale, -slack, slack)
    return other._replace(points=(other.points - (other_low + other_high) / 2) * scale + middle + offset)


def _stretch(symbol: InkSymbol, other: InkSymbol) -> InkSymbol:
    """Stretches `other` to the extent of `symbol`; returns `symbol` if that would distort `other` too much."""
    (low, high), (other_low, other_high) = _ends(symbol.points), _ends(other.points)
    stretch = np.maximum(high - low, THIN) / np.maximum(other_high - other_low, THIN)
    if stretch.max() > STRETCH * stretch.min():
        return symbol
    return other._replace(points=(other.points - (other_low + other_high) / 2) * stretch + (low + high) / 2)


def _ends(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest x and y; both `[2]`."""
    return points.min(axis=0), points.max(axis=0)


def unit_of(symbols: Sequence[InkSymbol]) -> float:
    """Size of a formula's symbols: the median of their longer sides in pixels."""
    return max(THIN, float(np.median([np.ptp(symbol.points, axis=0).max() for symbol in symbols])))
