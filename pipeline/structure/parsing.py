r"""Finds the structure of a formula from its symbols and their boxes, by rules.

    row = parse(labels, boxes)      # see `pipeline.structure.tree`

1. Symbols that hold others are found from the widest to the narrowest: a bar with symbols above and below, a root with
   symbols inside, a sum with limits. What they hold is parsed on its own, and the whole becomes one block.
2. `scripts` reads the blocks that remain from left to right.

The lengths were set by hand and checked on CROHME's training set and test 2013 (`python -m benchmarks.structure`). The
web app ports this code (`app/src/structure`); both give the same tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.structure.block import Block, joined
from pipeline.structure.scripts import read_line
from pipeline.structure.tree import BAR, LIMITS, RADICAL, Node, Row

ACROSS = 0.25  # of a symbol's height: one that reaches so far to both sides of a bar is not in its fraction
SHARED = 0.15  # of a symbol's width: so much of it is over or under the bar of its fraction
TICK = 0.25  # of the height of a root: so far from its left end an index may stand
LOW = 0.45  # of the height of a root: so far below its top the centre of an index may be
BESIDE = 0.25  # of the width of a sum: so far beside it a limit may start
INTO = 0.3  # of the height of a sum: so far a limit may reach into it
NEAR = 0.9  # of the height of a limit: the largest gap between its symbols
STRAY = 0.3  # of the height of a limit: so far above or below it the centre of a symbol may be


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
    return _row(symbols)


def _row(blocks: list[Block]) -> Row:
    if not blocks:
        return ()
    for block in sorted(blocks, key=lambda one: (-one.width, one.node.symbol)):
        if block.label in (BAR, RADICAL) and _is_free(block, blocks):
            blocks = _hold(block, blocks)
    for block in sorted(blocks, key=lambda one: (one.left, one.node.symbol)):
        if block.label in LIMITS and _is_free(block, blocks):
            blocks = _limit(block, blocks)
    return read_line(sorted(blocks, key=lambda one: (one.left, one.top, one.node.symbol)))


def _is_free(block: Block, blocks: list[Block]) -> bool:
    """Whether nothing holds a block, and it holds nothing yet."""
    return block in blocks and not any(block.node.around())


def _hold(holder: Block, blocks: list[Block]) -> list[Block]:
    """Returns the blocks after a bar or a root has taken what it holds."""
    others = [one for one in blocks if one is not holder]
    if holder.label == BAR:
        beside = [one for one in others if _is_over_or_under(one, holder)]
        above = [one for one in beside if one.middle < holder.middle]
        below = [one for one in beside if one.middle >= holder.middle]
        if not above or not below:
            return blocks
        node, held = replace(holder.node, above=_row(above), below=_row(below)), [*above, *below]
    else:
        index = [one for one in others if _is_index(one, holder)]
        inside = [one for one in others if one not in index and _is_inside(one, holder)]
        node, held = replace(holder.node, inside=_row(inside), index=_row(index)), [*inside, *index]
    return [*(one for one in others if one not in held), joined(node, holder, held)]


def _is_over_or_under(one: Block, bar: Block) -> bool:
    if min(bar.middle - one.top, one.bottom - bar.middle) > ACROSS * one.height:
        return False
    shared = min(one.right, bar.right) - max(one.left, bar.left)
    return bar.left <= one.across <= bar.right or shared > SHARED * one.width


def _is_index(one: Block, root: Block) -> bool:
    near = min(TICK * root.height, root.width / 2)
    return (
        one.height < root.height / 2
        and root.left - near < one.across < root.left + near
        and root.top - root.height / 2 < one.upright < root.top + LOW * root.height
    )


def _is_inside(one: Block, root: Block) -> bool:
    return root.left < one.across < root.right and root.top < one.upright < root.bottom and one.width < root.width


def _limit(sign: Block, blocks: list[Block]) -> list[Block]:
    """Returns the blocks after a sign has taken the limits above and below it."""
    others = [one for one in blocks if one is not sign]
    reach = INTO * sign.height
    above = _spread_out(sign, [one for one in others if one.bottom < sign.top + reach and one.upright < sign.top])
    below = _spread_out(sign, [one for one in others if one.top > sign.bottom - reach and one.upright > sign.bottom])
    if not above and not below:
        return blocks
    node, held = replace(sign.node, above=_row(above), below=_row(below)), [*above, *below]
    return [*(one for one in others if one not in held), joined(node, sign, held)]


def _spread_out(sign: Block, candidates: list[Block]) -> list[Block]:
    """Returns those of `candidates` that stand over or under a sign, and their neighbours, in their order."""
    slack = BESIDE * sign.width
    found = [one for one in candidates if sign.left - slack <= one.across <= sign.right + slack]
    more = bool(found)
    while more:
        grown = _neighbours(found, candidates)
        more, found = len(grown) > len(found), grown
    return found


def _neighbours(found: list[Block], candidates: list[Block]) -> list[Block]:
    left, right = min(one.left for one in found), max(one.right for one in found)
    top, bottom = min(one.top for one in found), max(one.bottom for one in found)
    gap, stray = NEAR * (bottom - top), STRAY * (bottom - top)
    return [
        one
        for one in candidates
        if one in found
        or (left - gap <= one.right and one.left <= right + gap and top - stray <= one.middle <= bottom + stray)
    ]
