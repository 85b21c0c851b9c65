r"""Reads a line of blocks from left to right: which goes on with the row, which is a superscript or a subscript.

    line = read_line(blocks, Habits())       # line.row, line.score

Each block continues a row that is open, or starts a script of the last block of one. A choice scores by how well the
height, the size and the gap of the block fit (log-likelihoods of Student's t), by what is usual in formulas (`usage`)
and by what the formula has shown (`habits`); a script is complete when it is left. A beam search finds the choices with
the best sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from pipeline.structure.block import LEAST_UNIT, Block
from pipeline.structure.habits import Habits
from pipeline.structure.shapes import BRACKET, SIGN, shape_of
from pipeline.structure.tree import Node, Row
from pipeline.structure.usage import DEMANDING, NEVER, WITHOUT_SCRIPTS, going_on, usual

Place = Literal["right", "sup", "sub"]
Script = Literal["sup", "sub"]
SCRIPTS: tuple[Script, ...] = ("sup", "sub")

BEAM = 12  # readings that are kept; with 50, no more trees of CROHME's test 2013 are right


class Fit(NamedTuple):
    """How a place usually looks: means and standard deviations of its measures.

    Attributes:
        drop: how far its baseline is below that of the row, in units of the row.
        scale: size of its symbols, in units of the row.
        offset: standard deviation of the height, in units of the row.
        size: logarithm of the size relative to the row.
        gap: space after the block before, in units of the row.
    """

    drop: float
    scale: float
    offset: float
    size: tuple[float, float]
    gap: tuple[float, float]


SCRIPT = 0.62  # size of a script whose first symbol does not tell it
FITS: dict[Place, Fit] = {
    "right": Fit(0.0, 1.0, 0.16, (0.0, 0.3), (0.4, 0.42)),
    "sup": Fit(-0.74, SCRIPT, 0.2, (-0.7, 0.35), (0.13, 0.2)),
    "sub": Fit(0.28, SCRIPT, 0.16, (-0.75, 0.37), (0.13, 0.2)),
}
TAIL = 10.0  # degrees of freedom of Student's t: handwriting strays further than a Gaussian allows
CONTENT = 0.35  # spread of the size of what a fraction or a root holds
SMALLEST, LARGEST = 0.35, 1.1  # size of a script relative to its row
DRIFT = 0.65  # weight of the last block in the baseline of a row
# Logarithms of how much rarer something is.
UNPAIRED = 3.0  # a bracket that its row does not close
DANGLING = 6.0  # a row that ends with an operator, or that starts with one of `LATER`
LATER = frozenset({"operator", "relation", "closing", "separator"})  # they stand after something
NESTED = 1.0  # a script of a symbol in a script


class _Open(NamedTuple):
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
    """A way to go on: its score, the scripts of last blocks that lead to a row, and the place beside its last block."""

    score: float
    path: tuple[Script, ...]
    place: Place


class _Reading(NamedTuple):
    """The choices for the first blocks of a line: child, parent and place, each block by the index of its symbol."""

    score: float
    row: _Open
    edges: tuple[tuple[int, int, Place], ...]


class Line(NamedTuple):
    """A line that was read, and how plausible it is with all that its blocks hold."""

    row: Row
    score: float


def read_line(blocks: Sequence[Block], habits: Habits, beam: int = BEAM) -> Line:
    """Reads a line.

    Args:
        blocks: at least one, from left to right.
        habits: what an earlier reading of the formula has shown.
        beam: how many readings are kept.
    """
    first = blocks[0]
    unit = first.size
    start = -DANGLING if first.kind in LATER else 0.0
    readings = [_Reading(start, _opened(first, unit or _typical(blocks), unit is not None), ())]
    for block in blocks[1:]:
        longer = [
            (reading.score + choice.score, reading, choice)
            for reading in readings
            for choice in _choices(reading.row, block, habits, ())
        ]
        longer.sort(key=lambda one: -one[0])
        readings = [_Reading(score, *_taken(reading, choice, block)) for score, reading, choice in longer[:beam]]
    finals = [reading.score - _unfinished(reading.row) for reading in readings]
    best = max(range(len(finals)), key=finals.__getitem__)
    return Line(_assembled(blocks, readings[best].edges), finals[best] + sum(block.score for block in blocks))


def _choices(row: _Open, block: Block, habits: Habits, path: tuple[Script, ...]) -> Iterator[_Choice]:
    """Yields all ways to go on from a row, to which `path` leads, with a block."""
    last = row.last
    plausible = usual(last.kind, block.kind)
    score = plausible.right + _fit("right", row, block) - (_unfinished(row.sup) + _unfinished(row.sub))
    if path:
        score += going_on(last.kind, block.kind)
    if block.kind == "closing" and not row.brackets:
        score -= UNPAIRED
    yield _Choice(score, path, "right")
    if last.kind in WITHOUT_SCRIPTS:
        return
    for place in SCRIPTS:
        inner = row.sup if place == "sup" else row.sub
        score = plausible.sup if place == "sup" else plausible.sub
        if inner is not None:
            yield from _choices(inner, block, habits, (*path, place))
        elif score > NEVER:
            score += _fit(place, row, block) - (NESTED if path else 0.0)
            if place == "sub":
                score += habits.subscript(last.node)
            yield _Choice(score, path, place)


def _taken(reading: _Reading, choice: _Choice, block: Block) -> tuple[_Open, tuple[tuple[int, int, Place], ...]]:
    """Returns the open rows and the edges after a choice."""
    row, parent = _gone_on(reading.row, choice.path, choice.place, block)
    return row, (*reading.edges, (block.node.symbol, parent.node.symbol, choice.place))


def _gone_on(row: _Open, path: Sequence[Script], place: Place, block: Block) -> tuple[_Open, Block]:
    if path:
        inner = row.sup if path[0] == "sup" else row.sub
        assert inner is not None
        script, parent = _gone_on(inner, path[1:], place, block)
        return _with_script(row, path[0], script), parent
    if place == "right":
        return _continued(row, block), row.last
    return _with_script(row, place, _started(row, block)), row.last


def _fit(place: Place, row: _Open, block: Block) -> float:
    """Returns how well a block fits a place by its height, its gap and its size."""
    fit, unit, last, baseline = FITS[place], block.size, row.last, row.baseline
    if place != "right" and _is_tall(row):
        baseline = last.top + row.unit if place == "sup" else last.bottom
    height = baseline + (fit.drop - fit.scale * block.centre) * row.unit
    score = _likelihood((height - block.middle) / row.unit, 0.0, fit.offset)
    score += _likelihood((block.left - last.right) / row.unit, *fit.gap)
    if unit is not None and row.known:
        spread = CONTENT if block.whole else shape_of(block.label).spread
        score += _likelihood(math.log(unit / row.unit), fit.size[0], max(fit.size[1], spread))
    return score


def _likelihood(value: float, mean: float, spread: float) -> float:
    deviation = (value - mean) / spread
    return -0.5 * (TAIL + 1) * math.log(1 + deviation * deviation / TAIL) - math.log(spread)


def _unfinished(row: _Open | None) -> float:
    """Returns how implausible it is to leave a script: with open brackets, or with an operator at its end."""
    if row is None:
        return 0.0
    dangling = DANGLING if row.last.kind in DEMANDING else 0.0
    return UNPAIRED * row.brackets + dangling + (_unfinished(row.sup) + _unfinished(row.sub))


def _is_tall(row: _Open) -> bool:
    """Whether scripts of the last block stand at its own edges, and not at those of its row."""
    shape = shape_of(row.last.label)
    return row.last.whole or (shape in (SIGN, BRACKET) and row.last.height > row.unit)


def _typical(blocks: Sequence[Block]) -> float:
    units = sorted(unit for block in blocks if (unit := block.size) is not None)
    return units[len(units) // 2] if units else max(LEAST_UNIT, *(block.height for block in blocks))


def _opened(block: Block, unit: float, known: bool) -> _Open:
    return _Open(block.middle + block.centre * unit, unit, known, block, _brackets(0, block))


def _started(row: _Open, block: Block) -> _Open:
    unit = block.size
    share = SCRIPT if unit is None else min(max(unit / row.unit, SMALLEST), LARGEST)
    return _opened(block, row.unit * share, unit is not None)


def _continued(row: _Open, block: Block) -> _Open:
    unit, brackets = block.size, _brackets(row.brackets, block)
    if unit is None:
        return _Open(row.baseline, row.unit, row.known, block, brackets)
    if not row.known:
        return _opened(block, unit, known=True)._replace(brackets=brackets)
    mean = (row.unit + unit) / 2
    baseline = (1 - DRIFT) * row.baseline + DRIFT * (block.middle + block.centre * mean)
    return _Open(baseline, mean, True, block, brackets)


def _with_script(row: _Open, place: Script, script: _Open) -> _Open:
    return row._replace(sup=script) if place == "sup" else row._replace(sub=script)


def _brackets(count: int, block: Block) -> int:
    if block.kind == "opening":
        return count + 1
    return max(count - 1, 0) if block.kind == "closing" else count


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
