"""Places the symbols of an expression as people write it: baselines, scripts, bars, roots, limits, brackets.

    placed = lay_out(expression, form, Spacing())

Lengths are in the units of `glyphs.py`: a full-size digit is 10 high, and y points up from the baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

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
)
from pipeline.synthesis.formulas.glyphs import WORDS, Glyph, from_strokes
from pipeline.synthesis.formulas.grammar import BINARY, RELATIONS

AXIS = 4.0  # height of minus signs and fraction bars
SMALLEST = 0.45  # smallest scale, for nested scripts
BIG = {"\\sum": 1.35, "\\int": 1.35}  # scale of these signs
SMALL = frozenset("acegmnopqrsuvwxyz") | {"\\alpha", "\\gamma", "\\pi", "\\sigma", "\\mu"}
WIDE = frozenset(BINARY + RELATIONS)  # symbols with more space around them

Form = Callable[[str], Glyph]


@dataclass(frozen=True)
class Spacing:
    """Space that a writer leaves, in units at full size.

    Attributes:
        gap: space between symbols.
        operator: extra space on either side of operators and relations.
        script: scale of scripts.
        leading: space between the parts of fractions, limits and roots.
        limits: whether limits of integrals are below and above, like those of sums.
        small: scale of small letters without an ascender.
        lean: shift to the right per unit of height: the slant of the writing.
        pitch: distance between the digits of arithmetic in columns.
        carry: scale of carries.
    """

    gap: float = 1.4
    operator: float = 1.2
    script: float = 0.62
    leading: float = 1.2
    limits: bool = False
    small: float = 1.0
    lean: float = 0.0
    pitch: float = 10.0
    carry: float = 0.55


@dataclass(frozen=True)
class Placed:
    """A placed symbol: a glyph's point (gx, gy) is at (`x + across * gx`, `y + up * gy`) on the page."""

    label: str
    glyph: Glyph
    x: float
    y: float
    across: float
    up: float


@dataclass(frozen=True)
class _Box:
    """A laid-out part: its symbols, and its extent from the left end of its baseline."""

    width: float
    top: float
    bottom: float
    items: tuple[Placed, ...] = field(default=())

    def moved(self, x: float, y: float = 0.0) -> _Box:
        items = tuple(replace(item, x=item.x + x, y=item.y + y) for item in self.items)
        return _Box(self.width, self.top + y, self.bottom + y, items)


def lay_out(node: Node, form: Form, spacing: Spacing) -> tuple[Placed, ...]:
    """Places every symbol of `node`, in the usual order of writing.

    Args:
        node: the expression.
        form: returns the glyph of a label; called once per symbol, except for bars and root signs, drawn to size.
        spacing: habits of the writer.
    """
    return _Layout(form, spacing).box(node, 1.0).items


class _Layout:
    def __init__(self, form: Form, spacing: Spacing) -> None:
        self.form = form
        self.spacing = spacing

    def box(self, node: Node, scale: float) -> _Box:
        match node:
            case Symbol(label):
                return self._symbol(label, scale)
            case Row(parts):
                return self._row(parts, scale)
            case Fraction(numerator, denominator):
                return self._fraction(numerator, denominator, scale)
            case Root(radicand, index):
                return self._root(radicand, index, scale)
            case Script():
                return self._script(node, scale)
            case Fence(opening, body, closing):
                return self._fence(opening, body, closing, scale)
            case Grid(rows):
                return self._grid(rows, scale)
            case Column():
                return self._column(node, scale)

    def _symbol(self, label: str, scale: float) -> _Box:
        glyph = self.form(label)
        size = scale * (self.spacing.small if label in SMALL else BIG.get(label, 1.0))
        rise = scale * AXIS - size * (glyph.top + glyph.bottom) / 2 if label in BIG else 0.0
        return _single(label, glyph, size, size, rise)

    def _row(self, parts: Sequence[Node], scale: float) -> _Box:
        boxes, x = [], 0.0
        for i, part in enumerate(parts):
            if i:
                loose = _is_wide(part) or (_is_wide(parts[i - 1]) and i > 1) or _is_word(parts[i - 1])
                x += scale * (self.spacing.gap + (self.spacing.operator if loose else 0.0))
            boxes.append(self.box(part, scale).moved(x))
            x += boxes[-1].width
        return _joined(boxes, x)

    def _fraction(self, numerator: Node, denominator: Node, scale: float) -> _Box:
        inner = max(scale * 0.9, SMALLEST)
        above, below = self.box(numerator, inner), self.box(denominator, inner)
        width = max(above.width, below.width) + 2 * scale * self.spacing.leading
        room = scale * (self.spacing.leading + 0.2)
        bar = _single(BAR, from_strokes([np.array([[0.0, 0.0], [width, 0.0]])]), 1, 1, scale * AXIS)
        above = above.moved((width - above.width) / 2, scale * AXIS + room - above.bottom)
        below = below.moved((width - below.width) / 2, scale * AXIS - room - below.top)
        return _joined([above, bar, below], width)

    def _root(self, radicand: Node, index: Node | None, scale: float) -> _Box:
        body, room = self.box(radicand, scale), scale * self.spacing.leading
        top, bottom = max(body.top, 6 * scale) + room, min(body.bottom, 0.0) - room / 2
        tick = scale * 4 + 0.12 * (top - bottom)
        low = bottom + 0.45 * (top - bottom)
        points = [[0, low - scale], [0.3 * tick, low], [0.55 * tick, bottom], [tick, top]]
        points.append([tick + room + body.width + room, top])
        sign = _single(ROOT, from_strokes([np.array(points)]), 1, 1, 0.0)
        boxes = [sign, body.moved(tick + room)]
        if index is not None:
            small = self.box(index, max(scale * self.spacing.script * 0.9, SMALLEST))
            boxes.append(small.moved(0.45 * tick - small.width, low + room / 2 - small.bottom))
        left = min(0.0, *(item.x for item in boxes[-1].items))
        return _joined([box.moved(-left) for box in boxes], sign.width - left)

    def _script(self, node: Script, scale: float) -> _Box:
        label = node.base.label if isinstance(node.base, Symbol) else ""
        small = max(scale * self.spacing.script, SMALLEST)
        base = self.box(node.base, scale)
        below = None if node.below is None else self.box(node.below, small)
        above = None if node.above is None else self.box(node.above, small)
        if label in ("\\sum", "\\lim") or (label == "\\int" and self.spacing.limits):
            return self._limits(base, below, above, scale)
        boxes, x, overlap = [base], base.width + scale * self.spacing.gap * 0.6, 2.5 * scale
        if label == "\\int":
            overlap = 4 * scale
        if above is not None:
            y = max(base.top, 5 * scale) - overlap - above.bottom
            boxes.append(above.moved(x + self.spacing.lean * y, y))
        if below is not None:
            y = min(base.bottom, 0.0) + overlap - below.top
            back = 1.6 * scale if label == "\\int" else 0.0
            boxes.append(below.moved(max(x - back + self.spacing.lean * y, 0.4 * base.width), y))
        return _joined(boxes, max(base.width, *(_right(box) for box in boxes[1:])))

    def _limits(self, base: _Box, below: _Box | None, above: _Box | None, scale: float) -> _Box:
        parts = [part for part in (base, below, above) if part is not None]
        width, room = max(part.width for part in parts), scale * self.spacing.leading
        boxes = [base.moved((width - base.width) / 2)]
        if below is not None:
            boxes.append(below.moved((width - below.width) / 2, base.bottom - room - below.top))
        if above is not None:
            boxes.append(above.moved((width - above.width) / 2, base.top + room - above.bottom))
        return _joined(boxes, width)

    def _fence(self, opening: str, body: Node, closing: str, scale: float) -> _Box:
        inner, room = self.box(body, scale), scale * self.spacing.gap * 0.9
        left = self._bracket(opening, inner, scale)
        right = self._bracket(closing, inner, scale)
        x = left.width + room
        end = x + inner.width + room
        return _joined([left, inner.moved(x), right.moved(end)], end + right.width)

    def _bracket(self, label: str, inner: _Box, scale: float) -> _Box:
        """A bracket as high as its content."""
        glyph = self.form(label)
        height = max(inner.top - inner.bottom + 1.5 * scale, 10 * scale)
        up = height / (glyph.top - glyph.bottom)
        across = scale * float(np.clip(np.sqrt(up / scale), 0.8, 1.6))
        middle = (inner.top + inner.bottom) / 2
        return _single(label, glyph, across, up, middle - up * (glyph.top + glyph.bottom) / 2)

    def _grid(self, rows: Sequence[Sequence[Node]], scale: float) -> _Box:
        cells = [[self.box(cell, scale) for cell in row] for row in rows]
        widths = [max(cell.width for cell in column) for column in zip(*cells, strict=True)]
        between, leading = 3.5 * scale, scale * self.spacing.leading * 2
        boxes, y = [], 0.0
        for i, row in enumerate(cells):
            y -= 0.0 if i == 0 else max(cell.top for cell in row) + leading
            x = 0.0
            for cell, width in zip(row, widths, strict=True):
                boxes.append(cell.moved(x + (width - cell.width) / 2, y))
                x += width + between
            y += min(0.0, *(cell.bottom for cell in row))
        whole = _joined(boxes, x - between)
        return whole.moved(0.0, scale * AXIS - (whole.top + whole.bottom) / 2)

    def _column(self, node: Column, scale: float) -> _Box:
        """Rows of digits, one per pitch and aligned on the right, with a line above the last one."""
        pitch, row = scale * self.spacing.pitch, scale * (10.0 + 1.5 * self.spacing.leading + 0.25 * self.spacing.pitch)
        carry, y = scale * self.spacing.carry, 0.0
        longest = max(len(term) for term in (*node.terms, node.result))
        boxes = [
            self._symbol(label, carry).moved(-place * pitch, y + 10.5 * scale)
            for place, label in enumerate(node.carries)
            if label is not None
        ]
        for term in node.terms:
            boxes += self._digits(term, scale, pitch, y)
            y -= row
        boxes.append(self._symbol(node.operator, scale).moved(-longest * pitch, y + row))
        left, right = -(longest + 0.4) * pitch, 0.9 * pitch
        line = from_strokes([np.array([[0.0, 0.0], [right - left, 0.0]])])
        boxes.append(_single(BAR, line, 1, 1, y + 0.75 * row).moved(left))
        boxes += self._digits(node.result, scale, pitch, y - 0.3 * row)
        return _joined([box.moved(-left) for box in boxes], right - left)

    def _digits(self, labels: Sequence[str], scale: float, pitch: float, y: float) -> list[_Box]:
        places = range(len(labels) - 1, -1, -1)
        return [
            self._symbol(label, scale).moved(-place * pitch, y) for label, place in zip(labels, places, strict=True)
        ]


def _single(label: str, glyph: Glyph, across: float, up: float, rise: float) -> _Box:
    item = Placed(label, glyph, 0.0, rise, across, up)
    return _Box(glyph.width * across, rise + glyph.top * up, rise + glyph.bottom * up, (item,))


def _joined(boxes: Sequence[_Box], width: float) -> _Box:
    items = tuple(item for box in boxes for item in box.items)
    return _Box(width, max(box.top for box in boxes), min(box.bottom for box in boxes), items)


def _right(box: _Box) -> float:
    """The right end of the ink of a moved box."""
    return max(item.x + item.across * item.glyph.width for item in box.items)


def _is_wide(node: Node) -> bool:
    return isinstance(node, Symbol) and node.label in WIDE


def _is_word(node: Node) -> bool:
    base = node.base if isinstance(node, Script) else node
    return isinstance(base, Symbol) and base.label in WORDS
