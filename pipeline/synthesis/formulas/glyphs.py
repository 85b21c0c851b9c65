"""How people write the 101 symbols: strokes of every label, in several forms, in the order in which a hand writes them.

`glyphs.txt` holds a form a line: label, how often it is seen, strokes. Strokes are parted by `;`, a corner within a
stroke by `|`; between corners the pen follows a smooth curve through the points. Units: digits and capitals are 10 high
above the baseline (y = 0, up), small letters 6, descenders reach -4. `\\sin` and its like are words of the forms of
their letters. The forms were drawn after how often writers of CROHME use each (one bar or a flag for 1, two crossing
lines or two arcs for x, a bar through 7 and z, ...); a general font such as Hershey's has one tidy form of most.
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
CURVE_POINTS = 6  # points that a curve gets between two given ones
FILE = Path(__file__).with_name("glyphs.txt")

Line = np.ndarray  # float64 [k, 2]: x, y (up) in units


@dataclass(frozen=True, eq=False)
class Glyph:
    """One form of a symbol.

    Attributes:
        strokes: lines in writing order, each float64 [k, 2], k >= 2; x starts at 0, y is up from the baseline.
        weight: how often the form is seen, relative to the other forms of its label.
    """

    strokes: tuple[Line, ...]
    weight: int

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


def from_strokes(strokes: Sequence[Line], weight: int = 1) -> Glyph:
    """A glyph of `strokes`, moved so that its x starts at 0."""
    left = min(line[:, 0].min() for line in strokes)
    return Glyph(tuple(line - [left, 0] for line in strokes), weight)


@cache
def forms(label: str) -> tuple[Glyph, ...]:
    """The forms of a label that stand in the file; none for `\\sqrt` and for words, which are made to measure."""
    return _read().get(label, ())


@cache
def labels() -> tuple[str, ...]:
    """Every label that can be written, in the order of the file, words and `\\sqrt` last."""
    return (*_read(), *WORDS, "\\sqrt")


def choose(label: str, random: Callable[[], float]) -> Glyph:
    """A form of `label`, each as often as its weight says; a word is made of such forms of its letters.

    Args:
        label: any of `labels()` but `\\sqrt`.
        random: the next number of 0..1 at each call.
    """
    if label in WORDS:
        return _word(tuple(choose(letter, random) for letter in label[1:]))
    known = forms(label)
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
    """A stroke in the notation of the file: curves between corners; each begins where the one before it ends."""
    pieces = [[[float(number) for number in point.split(",")] for point in piece.split()] for piece in text.split("|")]
    joined = [pieces[0], *([before[-1], *piece] for before, piece in pairwise(pieces))]
    curves = [_curve(np.array(points)) for points in joined]
    return np.concatenate([curves[0], *(curve[1:] for curve in curves[1:])])


def _curve(points: Line) -> Line:
    """A smooth curve through `points` (Catmull-Rom); two points are a straight line, one is itself."""
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
