r"""Finds the structure of a formula from its symbols and their boxes.

    row = parse(labels, boxes)      # see `pipeline.structure.tree`

1. Symbols that hold others are found from the widest to the narrowest: a bar with symbols above and below, a root with
   symbols inside, a sum with limits (`members`). What they hold is parsed on its own, and the whole becomes one block.
2. `scripts` reads the blocks that remain from left to right.
3. Both are done twice: the second time, letters that had subscripts in the first reading are known (`habits`).

The constants were set by hand and checked on CROHME's training set and test 2013 (`python -m benchmarks.structure`).
The web app ports this code (`app/src/structure`); both give the same tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.structure.block import Block, joined
from pipeline.structure.habits import Habits, habits_of
from pipeline.structure.members import limits_of, parts_of_bar, parts_of_root
from pipeline.structure.scripts import read_line
from pipeline.structure.tree import BAR, LIMITS, RADICAL, Node, Row

LEAN = 0.25  # of the smaller side of a symbol: how far from its left end it is in the order of a line


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
    return _row(symbols, habits_of(_row(symbols, Habits())))


def _row(blocks: list[Block], habits: Habits) -> Row:
    if not blocks:
        return ()
    for block in sorted(blocks, key=lambda one: (-one.width, one.node.symbol)):
        if block.label in (BAR, RADICAL) and _is_free(block, blocks):
            blocks = _hold(block, blocks, habits)
    for block in sorted(blocks, key=lambda one: (one.left, one.node.symbol)):
        if block.label in LIMITS and _is_free(block, blocks):
            blocks = _hold(block, blocks, habits)
    return read_line(sorted(blocks, key=_order), habits)


def _order(block: Block) -> tuple[float, float, int]:
    """Returns where a block comes in its line: an arc of a bracket may start before the symbol that it follows."""
    lean = 0.0 if block.whole else LEAN * min(block.width, block.height)
    return (block.left + lean, block.top, block.node.symbol)


def _is_free(block: Block, blocks: list[Block]) -> bool:
    """Whether nothing holds a block, and it holds nothing yet."""
    return block in blocks and not any(block.node.around())


def _hold(holder: Block, blocks: list[Block], habits: Habits) -> list[Block]:
    """Returns the blocks after a bar, a root or a sign has taken what it holds."""
    others = [one for one in blocks if one is not holder]
    if holder.label == RADICAL:
        index, inside = parts_of_root(holder, others)
        held = [*inside, *index]
        node = replace(holder.node, inside=_row(inside, habits), index=_row(index, habits))
    else:
        above, below = (parts_of_bar if holder.label == BAR else limits_of)(holder, others)
        held = [*above, *below]
        node = replace(holder.node, above=_row(above, habits), below=_row(below, habits))
    if not held and holder.label != RADICAL:
        return blocks
    return [*(one for one in others if one not in held), joined(node, holder, held)]
