r"""Typesets expressions with matplotlib's mathtext and returns the exact outline of every symbol.

    symbols = typeset(expression, "stix")     # [Outline("-", contours), Outline("x", contours), ...]

Mathtext returns its glyphs and rules in an order that depends only on the expression (above before base before below, a
root's index before its sign, ...). `_Script` writes the TeX together with that order, so no glyph has to be recognised.
As a check, the code of every glyph is compared with the code of its label typeset alone. Outlines come from FreeType
without hinting, in fixed point. A formula takes about 10 ms.
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
    Column,
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
SIZE = 64.0  # units per em
CURVE_STEPS = 4  # line segments per curve of an outline
SIZED = frozenset("()[]|") | {"\\{", "\\}", ROOT, "\\sum", "\\int"}  # large ones come from other fonts
OVER_AND_UNDER = frozenset({"\\sum", "\\lim"})  # mathtext sets their scripts directly below and above
SPELLED = {"\\lt": "<", "\\gt": ">"}  # mathtext's spelling of these labels


@dataclass(frozen=True)
class Outline:
    """The shape of a symbol: closed contours, float64 [k, 2] each, x and y (down) in em / `SIZE`.

    They are filled even-odd, as in a font; if `solid`, each by itself, as the strokes of a pen cover each other.
    """

    label: str
    contours: tuple[np.ndarray, ...]
    solid: bool = False


def typeset(expression: Node, face: str) -> list[Outline]:
    """Returns the outline of every symbol of `expression`, typeset in one of `FACES`.

    Raises:
        ValueError: the expression contains arithmetic in columns.
        RuntimeError: mathtext returned unexpected glyphs; its version differs from the pinned one.
    """
    script = _Script()
    tex = script.write(expression)
    parsed = _parse(tex, face)
    owners: dict[str, list[int]] = {kind: [] for kind in ("glyph", "rule")}
    for symbol, kind in script.marks:
        owners[kind].append(symbol)
    expected, found = (len(owners["glyph"]), len(owners["rule"])), (len(parsed.glyphs), len(parsed.rects))
    if expected != found:
        raise RuntimeError(f"{tex} in {face}: expected {expected} glyphs and rules of mathtext, found {found}")
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
    """Writes TeX and collects its labels and, for each glyph or rule of mathtext, the index of its symbol."""

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
                # Mathtext shrinks fitted brackets to low content, so only brackets around high content are fitted.
                left, right = ("\\left", "\\right") if _is_high(body) else ("", "")
                return f"{{{left}{opening} {inner}{right}{closing} }}"
            case Grid(rows):
                columns = [" \\\\ ".join(map(self.write, column)) for column in zip(*rows, strict=True)]
                return "\\;".join(f"\\substack{{{column}}}" for column in columns)
            case Column():
                raise ValueError(
                    "expected an expression that is printed, found arithmetic in columns, which is written"
                )

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
    """The codes of the glyphs of `label` typeset alone."""
    return frozenset(glyph[2] for glyph in _parse(SPELLED.get(label, label), face).glyphs)


@lru_cache(8192)
def _glyph(file: str, index: int, size: float) -> tuple[np.ndarray, ...]:
    """The contours of a glyph, with curves as line segments; y points down."""
    font = _font(file)
    font.set_size(size, 72)
    font.load_glyph(index, LoadFlags.NO_HINTING)
    path = font.get_path()
    return tuple(_contours(np.asarray(path[0], np.float64) * [1, -1], np.asarray(path[1])))


@cache
def _font(file: str):
    return get_font(file)


def _contours(vertices: np.ndarray, codes: np.ndarray) -> list[np.ndarray]:
    """Converts matplotlib's path (codes 1 move, 2 line, 3 and 4 curves of degree 2 and 3, 79 close) to polygons."""
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
    """The points of a curve after its first one, by de Casteljau's algorithm."""
    points = []
    for step in range(1, CURVE_STEPS + 1):
        t, level = step / CURVE_STEPS, control
        while len(level) > 1:
            level = [a + (b - a) * t for a, b in pairwise(level)]
        points.append(level[0])
    return points
