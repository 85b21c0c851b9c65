"""Which other members a bar, a root or a sign may have: symbols at the rim of what it holds come in or go out.

for other in others_than(parts, holder, others): ...
fit_of(parts, holder, others)       # how plausible they are by where they stand
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pipeline.structure.block import LEAST_UNIT, Block
from pipeline.structure.tree import BAR, LIMITS, RADICAL

Parts = tuple[Sequence[Block], Sequence[Block]]
"""Above and below a bar or a sign, or the index and the inside of a root."""

STEPS = 3  # symbols that come in or go out at once, at most
FAR = 2.0  # of the size of a symbol: one that is further beyond the ends of a holder does not come in
CROSSING = 0.3  # of a symbol's height: so far it may reach over the bar that it stands above or below
HIGH, LOW = 0.2, 0.5  # of the height of a root: so far above and below it the centre of a symbol may be that comes in
FIRM, LOOSE = 3.0, 1.5  # slopes of log-odds: how well the ends of a bar or a root tell what is held, and of a sign
ASKING = frozenset({RADICAL, "\\lim"})  # they have something inside or below
EMPTY = 10.0  # logarithm of how rare one is that has not


def others_than(parts: Parts, holder: Block, others: Sequence[Block]) -> Iterator[Parts]:
    """Yields other members that a holder may have instead of `parts`; a bar has some on both sides, or none."""
    first, second = parts
    free = [one for one in others if one not in first and one not in second]
    if holder.label != BAR:
        yield from ((other, second) for other in _changed(first, holder, free, 0))
        yield from ((first, other) for other in _changed(second, holder, free, 1))
    elif first:
        yield from ((other, second) for other in _changed(first, holder, free, 0) if other)
        yield from ((first, other) for other in _changed(second, holder, free, 1) if other)
        yield (), ()
    else:
        within = [one for one in free if _beyond(one, holder) < 0]
        above, below = ([one for one in within if _may_enter(one, holder, side)] for side in (0, 1))
        if above and below:
            yield above, below


def _changed(members: Sequence[Block], holder: Block, free: Sequence[Block], side: int) -> Iterator[Sequence[Block]]:
    """Yields the members of a side with up to `STEPS` more, or fewer, at its right or its left end."""
    middle = (min(one.left for one in members) + max(one.right for one in members)) / 2 if members else holder.left
    near = [one for one in free if holder.label not in LIMITS and _may_enter(one, holder, side)]
    after = _from_left([one for one in near if one.across > middle])
    before = _from_right([one for one in near if one.across < middle])
    for row in (after, before):
        yield from ([*members, *row[:count]] for count in range(1, min(STEPS, len(row)) + 1))
    for row in (_from_right(members), _from_left(members)):
        for count in range(1, min(STEPS, len(row)) + 1):
            yield [one for one in members if one not in row[:count]]


def _from_left(blocks: Sequence[Block]) -> list[Block]:
    return sorted(blocks, key=lambda one: (one.left, one.node.symbol))


def _from_right(blocks: Sequence[Block]) -> list[Block]:
    return sorted(blocks, key=lambda one: (-one.right, one.node.symbol))


def _may_enter(one: Block, holder: Block, side: int) -> bool:
    """Whether a block may be on a side of a bar or a sign, or inside a root, by its height and its distance."""
    if _beyond(one, holder) > FAR:
        return False
    if holder.label == RADICAL:
        high, low = holder.top - HIGH * holder.height, holder.bottom + LOW * holder.height
        return side == 1 and one.across > holder.left and high < one.upright < low
    if holder.label == BAR:
        over = one.bottom - holder.middle if side == 0 else holder.middle - one.top
        return (one.middle < holder.middle) == (side == 0) and over < CROSSING * one.height
    return one.upright < holder.top if side == 0 else one.upright > holder.bottom


def _beyond(one: Block, holder: Block) -> float:
    """Returns how much more than half of a block is beyond the ends of a holder, in sizes of the block."""
    outside = max(one.right - holder.right, 0.0) + max(holder.left - one.left, 0.0)
    return (outside - one.width / 2) / max(one.height, one.width, LEAST_UNIT)


def fit_of(parts: Parts, holder: Block, others: Sequence[Block]) -> float:
    """Returns how plausible members are by how far they, and no others, are within the ends of their holder."""
    first, second = parts
    firm = LOOSE if holder.label in LIMITS else FIRM
    score = -EMPTY if holder.label in ASKING and not second else 0.0
    for one in others:
        side = 1 if holder.label == RADICAL or one.middle > holder.middle else 0
        if one in first or one in second:
            score -= _softplus(firm * _beyond(one, holder))
        elif _may_enter(one, holder, side):
            score -= _softplus(-firm * _beyond(one, holder))
    return score


def _softplus(value: float) -> float:
    return max(value, 0.0) + math.log(1 + math.exp(-abs(value)))
