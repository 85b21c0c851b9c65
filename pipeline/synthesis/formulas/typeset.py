r"""Typesets expressions with matplotlib's mathtext: the outline of every symbol, exactly where it stands.

    symbols = typeset(expression, "stix")     # [Outline("-", contours), Outline("x", contours), ...]

Mathtext returns its glyphs and rules in an order that follows from the expression alone (above before base before
below, a root's index before its sign, ...). `_Script` writes the TeX and that order side by side, so that no glyph has
to be recognised; the code of every glyph is compared with that of its label typeset alone all the same. Outlines come
from FreeType unhinted, in fixed point. Some 10 ms a formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.mathtext import MathTextParser

from pipeline.synthesis.formulas.expressions import (
    BAR,
    ROOT,
    Fence,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Script,
    Symbol,
    children,
)
from pipeline.synthesis.formulas.glyphs import WORDS

FACES = ("dejavusans", "dejavuserif", "stix", "stixsans", "cm")  # mathtext's fonts
SIZE = 64.0  # units an em takes
CURVE_STEPS = 4  # lines that a curve of an outline is drawn with
SIZED = frozenset("()[]|") | {"\\{", "\\}", ROOT, "\\sum", "\\int"}  # taken from other fonts when they are large
OVER_AND_UNDER = frozenset({"\\sum", "\\lim"})  # mathtext sets their scripts below and above
SPELLED = {"\\lt": "<", "\\gt": ">"}  # what mathtext calls them


@dataclass(frozen=True)
class Outline:
    """A typeset symbol: closed contours float64 [k, 2], x and y (down) in units of an em / `SIZE`; even-odd filled."""

    label: str
    contours: tuple[np.ndarray, ...]


def typeset(expression: Node, face: str) -> list[Outline]:
    """Every symbol of `expression` in a face of `FACES`.

    Raises:
        RuntimeError: mathtext's glyphs are not those expected (of another version than the one that is pinned).
    """
    script = _Script()
    tex = script.write(expression)
    parsed = _parse(tex, face)
    owners: dict[str, list[int]] = {kind: [] for kind in ("glyph", "rule")}
    for symbol, kind in script.marks:
        owners[kind].append(symbol)
    if (len(owners["glyph"]), len(owners["rule"])) != (len(parsed.glyphs), len(parsed.rects)):
        raise RuntimeError(f"{tex} in {face}: expected other glyphs than the {len(parsed.glyphs)} of mathtext")
    contours: list[list[np.ndarray]] = [[] for _ in script.labels]
    for symbol, (font, size, code, index, x, y) in zip(owners["glyph"], parsed.glyphs, strict=True):
        label = script.labels[symbol]
        if label not in SIZED and code not in _codes(label, face):
            raise RuntimeError(f"{tex} in {face}: expected {label}, found glyph {code} of {font.postscript_name}")
        contours[symbol] += [line + np.array([x, -y]) for line in _glyph(font.fname, index, size)]
    for symbol, (x, y, width, height) in zip(owners["rule"], parsed.rects, strict=True):
        corners = [[x, -y], [x + width, -y], [x + width, -y - height], [x, -y - height]]
        contours[symbol].append(np.array(corners))
    return [Outline(label, tuple(lines)) for label, lines in zip(script.labels, contours, strict=True)]


@dataclass
class _Script:
    """TeX in the making: the labels so far, and for each glyph or rule of mathtext, the symbol that it belongs to."""

    labels: list[str] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def write(self, node: Node) -> str:
        match node:
            case Symbol(label):
                self._mark(label, "glyph", len(label) - 1 if label in WORDS else 1)
                return f"{SPELLED.get(label, label)} "
            case Row(parts):
                return "".join(self.write(part) for part in parts)
            case Fraction(numerator, denominator):
                above = self.write(numerator)
                self._mark(BAR, "rule")
                return f"\\frac{{{above}}}{{{self.write(denominator)}}}"
            case Root(radicand, index):
                root = "" if index is None else f"[{self.write(index)}]"
                self._mark(ROOT, "glyph")
                self.marks.append((len(self.labels) - 1, "rule"))
                return f"\\sqrt{root}{{{self.write(radicand)}}}"
            case Script():
                return self._scripts(node)
            case Fence(opening, body, closing):
                self._mark(opening, "glyph")
                inner = self.write(body)
                self._mark(closing, "glyph")
                # Mathtext makes brackets as low as what they enclose, so a pair that need not be high is not fitted.
                left, right = ("\\left", "\\right") if _is_high(body) else ("", "")
                return f"{{{left}{opening} {inner}{right}{closing} }}"
            case Grid(rows):
                columns = [" \\\\ ".join(map(self.write, column)) for column in zip(*rows, strict=True)]
                return "\\;".join(f"\\substack{{{column}}}" for column in columns)

    def _scripts(self, node: Script) -> str:
        over = isinstance(node.base, Symbol) and node.base.label in OVER_AND_UNDER
        base = "" if over else self.write(node.base)
        above = "" if node.above is None else f"^{{{self.write(node.above)}}}"
        base = self.write(node.base) if over else base
        below = "" if node.below is None else f"_{{{self.write(node.below)}}}"
        return f"{base.strip()}{below}{above}"

    def _mark(self, label: str, kind: str, count: int = 1) -> None:
        self.marks += [(len(self.labels), kind)] * count
        self.labels.append(label)


def _is_high(node: Node) -> bool:
    return isinstance(node, Fraction | Root | Grid) or any(_is_high(child) for child in children(node))


_parser = MathTextParser("path")


def _parse(tex: str, face: str):
    return _parser.parse(f"${tex}$", 72, FontProperties(math_fontfamily=face, size=SIZE))


@cache
def _codes(label: str, face: str) -> frozenset[int]:
    """The codes of the glyphs that `label` consists of when it stands alone."""
    return frozenset(glyph[2] for glyph in _parse(SPELLED.get(label, label), face).glyphs)


@lru_cache(8192)
def _glyph(file: str, index: int, size: float) -> tuple[np.ndarray, ...]:
    """The contours of a glyph, curves drawn as lines; y down."""
    font = _font(file)
    font.set_size(size, 72)
    font.load_glyph(index, LoadFlags.NO_HINTING)
    path = font.get_path()
    return tuple(_contours(np.asarray(path[0], np.float64) * [1, -1], np.asarray(path[1])))


@cache
def _font(file: str):
    return get_font(file)


def _contours(vertices: np.ndarray, codes: np.ndarray) -> list[np.ndarray]:
    """Matplotlib's path codes (1 move, 2 line, 3 and 4 curves of degree 2 and 3, 79 close) as closed polygons."""
    contours: list[list[np.ndarray]] = []
    at = 0
    while at < len(codes):
        code = codes[at]
        if code == 1:
            contours.append([vertices[at]])
        elif code == 2:
            contours[-1].append(vertices[at])
        elif code in (3, 4):
            control = [contours[-1][-1], *vertices[at : at + code - 1]]
            contours[-1] += _bezier(control)
            at += code - 2
        at += 1
    return [np.array(contour) for contour in contours if len(contour) > 2]


def _bezier(control: list[np.ndarray]) -> list[np.ndarray]:
    """The points of a curve after its first, by de Casteljau."""
    points = []
    for step in range(1, CURVE_STEPS + 1):
        t, level = step / CURVE_STEPS, control
        while len(level) > 1:
            level = [a + (b - a) * t for a, b in pairwise(level)]
        points.append(level[0])
    return points
