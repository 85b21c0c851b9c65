"""The ink of a pen as outlines, so that handwriting can be photographed like print.

photograph(outlines(write_formula(expression, writer, number), unit, pen), rng, strength, PEN)
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipeline.synthesis.formulas.handwriting import WrittenFormula
from pipeline.synthesis.formulas.typeset import SIZE, Outline

DIGIT = 0.66  # em, height of a digit
UNITS = 10.0  # glyph units, the same height
ROUND = 6  # points of a half circle


def draw_pen(rng: np.random.Generator) -> float:
    """Draws the width of a pen, in glyph units (a digit is 10 high): from a sharp pencil to a marker."""
    return float(np.exp(rng.uniform(np.log(0.45), np.log(1.7))))


def outlines(ink: WrittenFormula, unit: float, pen: float) -> list[Outline]:
    """Returns the outline of each symbol.

    Args:
        ink: a formula.
        unit: tablet units of the ink per glyph unit.
        pen: width of the pen in glyph units.
    """
    scale = DIGIT * SIZE / UNITS
    shapes = []
    for label, traces in ink.symbols:
        contours = [
            contour for trace in traces for contour in _segments(ink.traces[trace] / unit * scale, pen * scale / 2)
        ]
        shapes.append(Outline(label, tuple(contours), solid=True))
    return shapes


def _segments(line: np.ndarray, radius: float) -> list[np.ndarray]:
    """The area that a round pen covers along each segment of a line, float64 [2 * ROUND, 2]."""
    if len(line) == 1:
        line = np.repeat(line, 2, axis=0)
    turns = np.linspace(0.5, 1.5, ROUND) * np.pi
    areas = []
    for start, end in pairwise(line):
        angle = np.arctan2(*(end - start)[::-1])
        caps = [
            point + radius * np.stack([np.cos(angle + turns + side), np.sin(angle + turns + side)], axis=1)
            for point, side in ((start, 0.0), (end, np.pi))
        ]
        areas.append(np.concatenate(caps))
    return areas
