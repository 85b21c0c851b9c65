"""How people write the 101 symbols: several forms per label, each as strokes in writing order.

`glyphs.txt` holds one form per line: label, weight, strokes. `;` separates strokes and `|` marks a corner in a stroke;
between corners the pen follows a smooth curve through the points. Digits and capitals are 10 units high, small letters
6, and descenders reach -4; the baseline is at y = 0, and y points up. `\\sin` and the other words consist of the forms
of their letters. The forms and their weights follow the habits of CROHME's writers (one bar or a flag for 1, two
crossing lines or two arcs for x, a bar through 7 and z, ...). A general font such as Hershey's has only one tidy form
for most symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

WORDS = ("\\sin", "\\cos", "\\tan", "\\log", "\\lim")  # one symbol each, several letters
LETTER_GAP = 0.9  # units between the letters of a word
CURVE_POINTS = 6  # points of a curve from one given point to the next
FILE = Path(__file__).with_name("glyphs.txt")

Line = np.ndarray  # float64 [k, 2]: x, y (up) in units


@dataclass(frozen=True, eq=False)
class Glyph:
    """One form of a symbol.

    Attributes:
        strokes: lines in writing order, each float64 [k, 2], k >= 2; x starts at 0, y is up from the baseline.
        weight: frequency of the form, relative to the other forms of its label.
    """

    strokes: tuple[Line, ...]
    weight: float

    @property
    def width(self) -> float:
        """Extent in x."""
        return float(max(line[:, 0].max() for line in self.strokes))

    @property
    def top(self) -> float:
        """Largest y."""
        return float(max(line[:, 1].max() for line in self.strokes))

    @property
    def bottom(self) -> float:
        """Smallest y."""
        return float(min(line[:, 1].min() for line in self.strokes))


def from_strokes(strokes: Sequence[Line], weight: float = 1) -> Glyph:
    """Returns a glyph of `strokes`, moved so that its x starts at 0."""
    left = min(line[:, 0].min() for line in strokes)
    return Glyph(tuple(line - [left, 0] for line in strokes), weight)


@cache
def forms(label: str) -> tuple[Glyph, ...]:
    """Returns the forms of a label in the file; none for words, and none for `\\sqrt`, which is drawn to size."""
    return _read().get(label, ())


@cache
def labels() -> tuple[str, ...]:
    """Returns every label that can be written: those of the file in its order, then words and `\\sqrt`."""
    return (*_read(), *WORDS, "\\sqrt")


def choose(label: str, random: Callable[[], float], known_forms: Callable[[str], tuple[Glyph, ...]] = forms) -> Glyph:
    """Draws a form of `label` with a probability according to its weight; a word consists of drawn letters.

    Args:
        label: any of `labels()` except `\\sqrt`.
        random: returns the next random number of [0, 1) at each call.
        known_forms: the forms that a writer knows of a label.
    """
    if label in WORDS:
        return _word(tuple(choose(letter, random, known_forms) for letter in label[1:]))
    known = known_forms(label)
    mark = random() * sum(glyph.weight for glyph in known)
    for glyph in known:
        mark -= glyph.weight
        if mark < 0:
            return glyph
    return known[-1]


@lru_cache(4096)
def _word(letters: tuple[Glyph, ...]) -> Glyph:
    strokes, x = [], 0.0
    for letter in letters:
        strokes += [line + np.array([x, 0]) for line in letter.strokes]
        x += letter.width + LETTER_GAP
    return from_strokes(strokes)


@cache
def _read() -> dict[str, tuple[Glyph, ...]]:
    found: dict[str, list[Glyph]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            label, weight, text = line.split(maxsplit=2)
            glyph = from_strokes([_stroke(stroke) for stroke in text.split(";")], int(weight))
            found.setdefault(label, []).append(glyph)
    return {label: tuple(glyphs) for label, glyphs in found.items()}


def _stroke(text: str) -> Line:
    """Parses a stroke in the notation of the file: curves that meet at corners."""
    pieces = [[[float(number) for number in point.split(",")] for point in piece.split()] for piece in text.split("|")]
    joined = [pieces[0], *([before[-1], *piece] for before, piece in pairwise(pieces))]
    curves = [_curve(np.array(points)) for points in joined]
    return np.concatenate([curves[0], *(curve[1:] for curve in curves[1:])])


def _curve(points: Line) -> Line:
    """A smooth curve through `points` (Catmull-Rom). Fewer than three points stay as they are."""
    if len(points) < 3:
        return points
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    t = (np.arange(CURVE_POINTS) / CURVE_POINTS)[:, None]
    curve = start + t * (
        (end - before) / 2
        + t * ((2 * before - 5 * start + 4 * end - after) / 2 + t * (3 * (start - end) + after - before) / 2)
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])
