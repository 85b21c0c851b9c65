r"""Finds the structure of a formula from its symbols and their boxes.

    row = parse(labels, boxes)      # see `pipeline.structure.tree`

1. Symbols that hold others are found from the widest to the narrowest: a bar with symbols above and below, a root with
   symbols inside, a sum with limits (`members`). What they hold is parsed on its own, and the whole becomes one block.
2. `scripts` reads the blocks that remain from left to right.
3. Where a symbol at the rim may be held or not (`rims`), the formula is read in either way, and the more plausible
   reading counts.
4. All this is done twice: the second time, letters that had subscripts in the first reading are known (`habits`).

The constants were set by hand and checked on CROHME's training set and test 2013 (`python -m benchmarks.structure`).
The web app ports this code (`app/src/structure`); both give the same tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.structure.block import Block, joined
from pipeline.structure.habits import Habits, habits_of
from pipeline.structure.members import members_of
from pipeline.structure.rims import Parts, fit_of, others_than
from pipeline.structure.scripts import BEAM, Line, read_line
from pipeline.structure.tree import BAR, LIMITS, RADICAL, Node, Row

LEAN = 0.25  # of the smaller side of a symbol: how far from its left end it is in the order of a line
WORK = 400  # symbols that are read, at most, to try other members: no more trees are right with 2000
SCOUTS = 2  # readings of a line that are kept while members are tried


def parse(labels: Sequence[str], boxes: np.ndarray) -> Row:
    """Returns the structure of a formula.

    Args:
        labels: names of the symbols.
        boxes: float [n, 4]: ymin, xmin, ymax, xmax, y downwards.
    """
    symbols = [
        Block(Node(index, label), top, left, bottom, right, (top + bottom) / 2)
        for index, (label, (top, left, bottom, right)) in enumerate(zip(labels, boxes.tolist(), strict=True))
    ]
    first = _Parser(Habits()).row(symbols)
    return _Parser(habits_of(first.row)).row(symbols).row


class _Parser:
    """Parses the rows of one formula.

    Attributes:
        work: how many symbols may still be read to try other members.
    """

    def __init__(self, habits: Habits) -> None:
        self.work = WORK
        self._habits = habits

    def row(self, blocks: Sequence[Block], scouting: bool = False) -> Line:
        """Reads a row; if `scouting`, with the usual members and few readings."""
        return self._go_on(blocks, _holders(blocks), scouting) if blocks else Line((), 0.0)

    def _go_on(self, blocks: Sequence[Block], holders: Sequence[Block], scouting: bool) -> Line:
        """Reads a row of which `holders` may still take what they hold."""
        fit = 0.0
        for index, holder in enumerate(holders):
            if holder not in blocks:
                continue
            others = [one for one in blocks if one is not holder]
            parts: Parts = members_of(holder, others)
            if not scouting:
                parts = self._best(parts, holder, others, holders[index + 1 :])
            fit += fit_of(parts, holder, others)
            blocks = self._held(parts, holder, others, scouting)
        line = read_line(sorted(blocks, key=_order), self._habits, SCOUTS if scouting else BEAM)
        return Line(line.row, line.score + fit)

    def _best(self, parts: Parts, holder: Block, others: Sequence[Block], later: Sequence[Block]) -> Parts:
        """Returns the members with which the row is most plausible: from the usual ones, step by step."""
        best: float | None = None
        tried = {_symbols(parts)}
        while True:
            start = parts
            for other in others_than(start, holder, others):
                if _symbols(other) in tried or self.work <= 0:
                    continue
                if best is None:
                    best = self._score(parts, holder, others, later)
                score = self._score(other, holder, others, later)
                tried.add(_symbols(other))
                if score > best:
                    parts, best = other, score
            if parts is start:
                return parts

    def _score(self, parts: Parts, holder: Block, others: Sequence[Block], later: Sequence[Block]) -> float:
        self.work -= len(others)
        blocks = self._held(parts, holder, others, scouting=True)
        return self._go_on(blocks, later, scouting=True).score + fit_of(parts, holder, others)

    def _held(self, parts: Parts, holder: Block, others: Sequence[Block], scouting: bool) -> list[Block]:
        """Returns the blocks after a bar, a root or a sign has taken what it holds."""
        first, second = parts
        held = [*second, *first]
        if not held and holder.label != RADICAL:
            return [*others, holder]
        one, other = self.row(first, scouting), self.row(second, scouting)
        if holder.label == RADICAL:
            node = replace(holder.node, index=one.row, inside=other.row)
        else:
            node = replace(holder.node, above=one.row, below=other.row)
        return [*(block for block in others if block not in held), joined(node, holder, held, one.score + other.score)]


def _symbols(parts: Parts) -> tuple[frozenset[int], ...]:
    return tuple(frozenset(one.node.symbol for one in part) for part in parts)


def _holders(blocks: Sequence[Block]) -> list[Block]:
    """Returns the blocks that may hold others: bars and roots from the widest, then signs from the left."""
    free = [one for one in blocks if not any(one.node.around())]
    wide = [one for one in free if one.label in (BAR, RADICAL)]
    signs = [one for one in free if one.label in LIMITS]
    return [
        *sorted(wide, key=lambda one: (-one.width, one.node.symbol)),
        *sorted(signs, key=lambda one: (one.left, one.node.symbol)),
    ]


def _order(block: Block) -> tuple[float, float, int]:
    """Returns where a block comes in its line: an arc of a bracket may start before the symbol that it follows."""
    lean = 0.0 if block.whole else LEAN * min(block.width, block.height)
    return (block.left + lean, block.top, block.node.symbol)
