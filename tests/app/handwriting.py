"""Handwriting for the tests of the page: eight characters, and formulas of the symbols -, o and x.

Strokes are points in the unit square, y down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.ink.canvas import Frame
from pipeline.synthesis.characters import draw_sample
from pipeline.synthesis.hands.medians import EM
from pipeline.synthesis.hands.skeleton import build_skeleton
from pipeline.synthesis.hands.writers import draw_writer

Strokes = tuple[tuple[tuple[float, float], ...], ...]

CHARACTERS: dict[str, Strokes] = {
    "一": (((0.10, 0.50), (0.50, 0.48), (0.90, 0.49)),),
    "七": (((0.10, 0.45), (0.90, 0.33)), ((0.45, 0.10), (0.45, 0.80), (0.85, 0.80), (0.85, 0.68))),
    "十": (((0.10, 0.36), (0.90, 0.34)), ((0.50, 0.06), (0.50, 0.94))),  # the first strokes of 木
    "口": (((0.20, 0.20), (0.22, 0.80)), ((0.20, 0.20), (0.80, 0.20), (0.78, 0.80)), ((0.22, 0.76), (0.78, 0.76))),
    "人": (((0.50, 0.10), (0.42, 0.50), (0.10, 0.90)), ((0.48, 0.40), (0.90, 0.90))),
    "日": (
        ((0.28, 0.10), (0.28, 0.90)),
        ((0.28, 0.10), (0.72, 0.10), (0.72, 0.90)),
        ((0.28, 0.48), (0.72, 0.48)),
        ((0.28, 0.86), (0.72, 0.86)),
    ),
    "三": (((0.18, 0.16), (0.82, 0.15)), ((0.25, 0.48), (0.75, 0.47)), ((0.08, 0.84), (0.92, 0.83))),
    "木": (
        ((0.10, 0.36), (0.90, 0.34)),
        ((0.50, 0.06), (0.50, 0.94)),
        ((0.48, 0.38), (0.30, 0.62), (0.10, 0.78)),
        ((0.52, 0.38), (0.70, 0.62), (0.92, 0.78)),
    ),
}
SYMBOLS: dict[str, Strokes] = {
    "-": (((0.0, 0.5), (0.5, 0.5), (1.0, 0.5)),),
    "o": (tuple((0.5 + 0.5 * math.sin(turn), 0.5 - 0.5 * math.cos(turn)) for turn in np.linspace(0, math.tau, 13)),),
    "x": (((0.0, 0.0), (1.0, 1.0)), ((1.0, 0.0), (0.0, 1.0))),
}
CLASSES, LABELS = sorted(CHARACTERS), sorted(SYMBOLS)
FRAME = Frame(height=64, width=128, symbol=32, pen=2)

SEED = 5  # of the writers


def scan(char: str, writer: int, looseness: float = 0.5) -> np.ndarray:
    """A scan of a character, as the embedded corpus draws it: uint8 [height, width], 255 = paper."""
    points = tuple(tuple((round(x * EM), round(y * EM)) for x, y in stroke) for stroke in CHARACTERS[char])
    return draw_sample(build_skeleton(points), draw_writer(SEED, writer, looseness), (SEED, writer, ord(char)), 0)


def strokes_of(symbols: Sequence[str], rng: np.random.Generator) -> list[np.ndarray]:
    """Symbols written side by side: float64 [points, 2] a stroke."""
    strokes = []
    for place, symbol in enumerate(symbols):
        size, corner = rng.uniform(0.7, 1.1), np.array([place * 1.5, 0]) + rng.uniform(-0.15, 0.15, 2)
        for stroke in SYMBOLS[symbol]:
            strokes.append(np.array(stroke) * size + corner + rng.normal(0, 0.03, (len(stroke), 2)))
    return strokes


def inks(count: int, seed: int) -> Iterator[list[np.ndarray]]:
    """The strokes of formulas of two to four symbols."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield strokes_of(rng.choice(LABELS, rng.integers(2, 5)).tolist(), rng)
