r"""Reads a line of blocks from left to right: which goes on with the row, which is a superscript or a subscript.

    row = read_line(blocks)

Each block continues a row that is open, or starts a script of the last block of one. A choice scores by how well the
height, the size and the gap of the block fit (Gaussian log-likelihoods) and by what is usual in formulas: scripts
rarely hold `=`, brackets close in the row that opened them. A beam search finds the choices with the best sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from pipeline.structure.block import LEAST_UNIT, Block, unit_of
from pipeline.structure.shapes import AXIS, BRACKET, SIGN, shape_of
from pipeline.structure.tree import Node, Row

Place = Literal["right", "sup", "sub"]
SCRIPTS: tuple[Literal["sup", "sub"], ...] = ("sup", "sub")

BEAM = 12  # readings that are kept; with 50, no more trees of CROHME's test 2013 are right


class Fit(NamedTuple):
    """How a place usually looks: means and standard deviations of three measures, and the logarithm of its frequency.

    Attributes:
        offset: distance from the expected height, in units of the row.
        size: logarithm of the size relative to the row.
        gap: space after the block before, in units of the row.
    """

    offset: tuple[float, float]
    size: tuple[float, float]
    gap: tuple[float, float]
    frequency: float


FITS: dict[Place, Fit] = {
    "right": Fit((0.0, 0.17), (0.0, 0.31), (0.45, 0.4), -0.2),
    "sup": Fit((-0.05, 0.21), (-0.7, 0.35), (0.14, 0.2), -2.4),
    "sub": Fit((-0.03, 0.18), (-0.75, 0.4), (0.14, 0.2), -1.4),
}
OUTLIER = 16.0  # largest square of a deviation that counts: a bracket may be as tall as a fraction
CONTENT = 0.35  # spread of the size of what a fraction or a root holds
SCRIPT = 0.62  # size of a script whose first symbol does not tell it
SMALLEST, LARGEST = 0.35, 1.1  # size of a script relative to its row
DRIFT = 0.6  # weight of the last block in the baseline of a row

DIGITS = frozenset("0123456789")
OPENING = frozenset({"(", "[", "\\{"})
CLOSING = frozenset({")", "]", "\\}"})
RELATION_SIGNS = frozenset({"=", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\in", "\\rightarrow"})
OPERATORS = frozenset({"+", "-", "\\times", "\\div", "\\pm", "/"})
WITHOUT_SCRIPTS = OPENING | RELATION_SIGNS | OPERATORS | {",", ".", "\\ldots", "\\forall", "\\exists"}
NEVER_FIRST = CLOSING | (RELATION_SIGNS - {"\\rightarrow"}) | {"\\times", "\\div", "/"}
# Logarithms of how much rarer something is than in any two symbols.
UNPAIRED = 3.0  # a bracket that its row does not close
RELATION_IN_SCRIPT = 5.0
FIRST_BRACKET = 4.0  # a script that starts with a bracket
FIRST_SIGN = 3.0  # or with +, a comma or a dot
MINUS_BELOW = 4.0  # a subscript that starts with a minus
DIGIT_BASE = 3.0  # a subscript of a digit
PRIME_BESIDE = 6.0  # a prime that is no superscript, or a symbol beside one
PRIME_ABOVE = 2.0  # how much more often a prime is a superscript


@dataclass(frozen=True)
class _Open:
    """A row that may go on.

    Attributes:
        baseline: its height.
        unit: size of a full-size digit.
        known: whether one of its symbols has told the unit.
        last: its last block.
        brackets: how many of its brackets are open.
        sup, sub: the scripts of the last block.
    """

    baseline: float
    unit: float
    known: bool
    last: Block
    brackets: int
    sup: _Open | None = None
    sub: _Open | None = None


class _Choice(NamedTuple):
    """A way to go on: its score, the rows that are open after it, and the place of the block beside its parent."""

    score: float
    row: _Open
    parent: Block
    place: Place


class _Reading(NamedTuple):
    """The choices for the first blocks of a line: child, parent and place, each block by the index of its symbol."""

    score: float
    row: _Open
    edges: tuple[tuple[int, int, Place], ...]


def read_line(blocks: Sequence[Block]) -> Row:
    """Returns the row of a line.

    Args:
        blocks: at least one, from left to right.
    """
    first = blocks[0]
    unit = unit_of(first)
    start = _opened(first, unit or _typical(blocks), unit is not None)
    readings = [_Reading(0.0, start, ())]
    for block in blocks[1:]:
        longer = [
            _Reading(
                reading.score + choice.score,
                choice.row,
                (*reading.edges, (block.node.symbol, choice.parent.node.symbol, choice.place)),
            )
            for reading in readings
            for choice in _choices(reading.row, block, 0)
        ]
        readings = sorted(longer, key=lambda one: -one.score)[:BEAM]
    return _assembled(blocks, readings[0].edges)


def _choices(row: _Open, block: Block, depth: int) -> Iterator[_Choice]:
    """Yields all ways to go on from a row, which is `depth` scripts deep, with a block."""
    yield _Choice(_score("right", row, block, depth), _continued(row, block), row.last, "right")
    if row.last.label in WITHOUT_SCRIPTS:
        return
    for place in SCRIPTS:
        inner = row.sup if place == "sup" else row.sub
        if inner is not None:
            for choice in _choices(inner, block, depth + 1):
                yield choice._replace(row=_with_script(row, place, choice.row))
        elif block.label not in NEVER_FIRST:
            started = _with_script(row, place, _started(row, block))
            yield _Choice(_score(place, row, block, depth), started, row.last, place)


def _score(place: Place, row: _Open, block: Block, depth: int) -> float:
    fit, unit = FITS[place], unit_of(block)
    last, tall = row.last, _is_tall(row)
    if place == "right":
        offset = row.baseline - _centre(block) * row.unit - block.middle
    elif place == "sup":
        offset = (last.top if tall else row.baseline - row.unit) - block.upright
    else:
        offset = block.upright - (last.bottom if tall else row.baseline)
    score = fit.frequency - _rarity(place, row, block, depth)
    score += _likelihood(offset / row.unit, *fit.offset)
    score += _likelihood((block.left - last.right) / row.unit, *fit.gap)
    if unit is not None and row.known:
        spread = CONTENT if block.whole else shape_of(block.label).spread
        score += _likelihood(math.log(unit / row.unit), fit.size[0], max(fit.size[1], spread))
    return score


def _likelihood(value: float, mean: float, spread: float) -> float:
    deviation = (value - mean) / spread
    return -0.5 * min(deviation * deviation, OUTLIER) - math.log(spread)


def _rarity(place: Place, row: _Open, block: Block, depth: int) -> float:
    """Returns how much rarer a place is for these two symbols than for any two."""
    parent, label = row.last.label, block.label
    if place == "right":
        unpaired = _left_open(row.sup) + _left_open(row.sub) + (label in CLOSING and not row.brackets)
        rarity = UNPAIRED * unpaired
        if (label == "\\prime") != (parent == "\\prime"):
            return rarity + PRIME_BESIDE
        return rarity + (RELATION_IN_SCRIPT if depth and label in RELATION_SIGNS else 0.0)
    if label == "\\prime":
        return -PRIME_ABOVE if place == "sup" else 0.0
    rarity = FIRST_BRACKET if label in OPENING else FIRST_SIGN if label in ("+", ",", ".") else 0.0
    if place == "sub":
        rarity += (MINUS_BELOW if label == "-" else 0.0) + (DIGIT_BASE if parent in DIGITS else 0.0)
    return rarity


def _left_open(row: _Open | None) -> int:
    """Returns the number of brackets that stay open if a row does not go on."""
    return 0 if row is None else row.brackets + _left_open(row.sup) + _left_open(row.sub)


def _is_tall(row: _Open) -> bool:
    """Whether scripts of the last block stand at its own edges, and not at those of its row."""
    shape = shape_of(row.last.label)
    return row.last.whole or (shape in (SIGN, BRACKET) and row.last.height > row.unit)


def _centre(block: Block) -> float:
    return AXIS if block.whole else shape_of(block.label).centre


def _typical(blocks: Sequence[Block]) -> float:
    units = sorted(unit for block in blocks if (unit := unit_of(block)) is not None)
    return units[len(units) // 2] if units else max(LEAST_UNIT, *(block.height for block in blocks))


def _opened(block: Block, unit: float, known: bool) -> _Open:
    return _Open(block.middle + _centre(block) * unit, unit, known, block, _brackets(0, block))


def _started(row: _Open, block: Block) -> _Open:
    unit = unit_of(block)
    share = SCRIPT if unit is None else min(max(unit / row.unit, SMALLEST), LARGEST)
    return _opened(block, row.unit * share, unit is not None)


def _continued(row: _Open, block: Block) -> _Open:
    unit, brackets = unit_of(block), _brackets(row.brackets, block)
    if unit is None:
        return _Open(row.baseline, row.unit, row.known, block, brackets)
    if not row.known:
        return replace(_opened(block, unit, known=True), brackets=brackets)
    mean = (row.unit + unit) / 2
    baseline = (1 - DRIFT) * row.baseline + DRIFT * (block.middle + _centre(block) * mean)
    return _Open(baseline, mean, True, block, brackets)


def _with_script(row: _Open, place: Place, script: _Open) -> _Open:
    return replace(row, sup=script) if place == "sup" else replace(row, sub=script)


def _brackets(count: int, block: Block) -> int:
    if block.label in OPENING:
        return count + 1
    return max(count - 1, 0) if block.label in CLOSING else count


def _assembled(blocks: Sequence[Block], edges: Sequence[tuple[int, int, Place]]) -> Row:
    found = {block.node.symbol: block.node for block in blocks}
    after = {(parent, place): child for child, parent, place in edges}

    def row(symbol: int | None) -> Row:
        nodes: list[Node] = []
        while symbol is not None:
            sup, sub = (row(after.get((symbol, place))) for place in SCRIPTS)
            nodes.append(replace(found[symbol], sup=sup, sub=sub))
            symbol = after.get((symbol, "right"))
        return tuple(nodes)

    return row(blocks[0].node.symbol)
