"""Which blocks a fraction bar, a root or a sign with limits holds.

above, below = parts_of_bar(bar, others)
index, inside = parts_of_root(root, others)
above, below = limits_of(sign, others)
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.structure.block import LEAST_UNIT, Block
from pipeline.structure.tree import BAR, LIMITS, RADICAL
from pipeline.structure.usage import LETTERS, WITHOUT_SCRIPTS

ACROSS = 0.25  # of a symbol's height: one that reaches so far to both sides of a bar is not in its fraction
SHARED = 0.15  # of a symbol's width: so much of it is over or under the bar of its fraction
CROSSING = 0.05  # of a symbol's height: a neighbour of a numerator reaches at most so far below the bar
REACH, WIDE_REACH = 0.7, 1.2  # of the height of a numerator: the gap to its neighbour, and after an operator
LEVEL = 0.3  # of the height of a numerator: so far above or below it the centre of a neighbour may be
AXIS_GAP = 0.2  # of the height of a numerator: nearer to the bar than this is no neighbour, but on the line of the bar
LEAVING = 0.8  # of the way from the numerator to the bar: a neighbour that is further is on the line of the bar
BEFORE = 0.7  # of the height of a numerator: so near a base may be that a neighbour on the left is a script of
AFTER, INTO_ROOT = -0.12, 0.31  # of the height of a root: where along it the centre of its index may be
LOW = 0.57  # of the height of a root: so far below its top the centre of an index may be
SMALL = 0.55  # of the height of a root: largest height of an index
UNDER = 0.15  # of a symbol's width: so much of it is under a root that holds it
OVER, BELOW = 0.05, 0.3  # of the height of a root: so far above and below it the centre of what it holds may be
BESIDE = 0.25  # of the width of a sum: so far beside it a limit may start
INTO = 0.3  # of the height of a sum: so far a limit may reach into it
NEAR = 0.9  # of the height of a limit: the largest gap between its symbols
STRAY = 0.3  # of the height of a limit: so far above or below it the centre of a symbol may be

_INDEX = LETTERS | {"digit", "capital"}
_ASKING = frozenset({"operator", "minus", "word"})  # something follows them in the same numerator
_JOINING = frozenset({"operator", "minus", "relation"})  # something stands before them
_ENDING = frozenset({",", ".", "="})  # on the line of the bar, though they are low or small


def parts_of_bar(bar: Block, others: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """Returns what is above and what is below a bar; nothing if it is a minus."""
    beside = [one for one in others if _is_over_or_under(one, bar)]
    above = [one for one in beside if one.middle < bar.middle]
    below = [one for one in beside if one.middle >= bar.middle]
    if not above or not below:
        return [], []
    return _extended(above, bar, others), _extended(below, bar, others)


def _is_over_or_under(one: Block, bar: Block) -> bool:
    if min(bar.middle - one.top, one.bottom - bar.middle) > ACROSS * one.height:
        return False
    shared = min(one.right, bar.right) - max(one.left, bar.left)
    if one.label in LIMITS and not one.whole and bar.width < one.width:
        return False  # the bar is in the limit
    if one.label == "\\lim" and one.middle < bar.middle and shared < LEAVING * one.width:
        return False
    return bar.left <= one.across <= bar.right or shared > SHARED * one.width


def _extended(members: list[Block], bar: Block, others: Sequence[Block]) -> list[Block]:
    """Returns the members of one side of a bar, and their neighbours to the right and to the left of the bar."""
    side = _Side(members, bar, others)
    outside = [one for one in others if one not in members]
    for one in sorted((one for one in outside if one.across > bar.right), key=lambda one: (one.left, one.node.symbol)):
        if not side.goes_on_with(one):
            break
    for one in sorted((one for one in outside if one.across < bar.left), key=lambda one: (-one.right, one.node.symbol)):
        if not side.is_preceded_by(one, outside):
            break
    return side.members


class _Side:
    """The numerator or the denominator of a bar, while it grows."""

    def __init__(self, members: Sequence[Block], bar: Block, others: Sequence[Block]) -> None:
        self.members = list(members)
        self._bar, self._others = bar, others
        self._up = members[0].middle < bar.middle
        self._size = max(_median([one.height for one in members]), LEAST_UNIT)
        self._level = _median([one.middle for one in members])
        self._top = min(one.top for one in members)
        self._bottom = max(one.bottom for one in members)

    def goes_on_with(self, one: Block) -> bool:
        """Adds the next block on the right if it belongs to the side."""
        before = [member for member in self.members if member.left < one.left]
        if not before or not self._is_level(one):
            return False
        last = max(before, key=lambda member: (member.right, member.node.symbol))
        if one.left - last.right > (WIDE_REACH if last.kind in _ASKING else REACH) * self._size:
            return False
        self.members.append(one)
        return True

    def is_preceded_by(self, one: Block, outside: Sequence[Block]) -> bool:
        """Adds the next block on the left if the side lacks it: a bracket, or a first operand."""
        first = min(self.members, key=lambda member: (member.left, member.node.symbol))
        if not self._is_level(one) or first.left - one.right > REACH * self._size:
            return False
        if one.kind != "opening" and (first.kind not in _JOINING or self._is_script(one, outside)):
            return False
        self.members.append(one)
        return True

    def _is_level(self, one: Block) -> bool:
        """Whether a block beside the bar is on the line of the side, and not on that of the bar."""
        bar, size = self._bar, self._size
        over = one.bottom - bar.middle if self._up else bar.middle - one.top
        if over > CROSSING * one.height or one.label in _ENDING:
            return False
        if not self._top - LEVEL * size <= one.middle <= self._bottom + LEVEL * size:
            return False
        away = bar.middle - self._level
        if abs(one.middle - bar.middle) < AXIS_GAP * size or (one.middle - self._level) * away > LEAVING * away * away:
            return False
        return not any(self._is_of(other, one) for other in self._others if other is not one)

    def _is_of(self, other: Block, one: Block) -> bool:
        """Whether a block belongs to another bar beside this one."""
        near = 0.1 * self._size
        return (
            other.label == BAR
            and other not in self.members
            and (other.left > self._bar.right - near or other.right < self._bar.left + near)
            and other.left <= one.across <= other.right
            and other.width > one.width / 2
        )

    def _is_script(self, one: Block, outside: Sequence[Block]) -> bool:
        """Whether a block may be a script of one that stands before it, on the line of the bar."""
        middle = self._bar.middle
        return any(
            other is not one
            and other.left < one.left
            and one.left - other.right < BEFORE * self._size
            and min(middle - other.top, other.bottom - middle) > 0.1 * other.height
            and other.kind not in WITHOUT_SCRIPTS
            for other in outside
        )


def parts_of_root(root: Block, others: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """Returns the index and the radicand of a root."""
    index = [one for one in others if _is_index(one, root)]
    return index, [one for one in others if one not in index and _is_inside(one, root)]


def _is_index(one: Block, root: Block) -> bool:
    return (
        one.kind in _INDEX
        and one.height < SMALL * root.height
        and AFTER * root.height < one.across - root.left < INTO_ROOT * root.height
        and root.top - root.height / 2 < one.upright < root.top + LOW * root.height
    )


def _is_inside(one: Block, root: Block) -> bool:
    shared = min(one.right, root.right) - max(one.left, root.left)
    return (
        shared > UNDER * one.width
        and root.left < one.across
        and (one.across < root.right or one.left > root.left + 0.2 * root.width)
        and root.top - OVER * root.height < one.upright < root.bottom + BELOW * root.height
        and one.width < root.width
    )


def limits_of(sign: Block, others: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """Returns the limits above and below a sign."""
    reach = INTO * sign.height
    above = [one for one in others if one.bottom < sign.top + reach and one.upright < sign.top]
    below = [one for one in others if one.top > sign.bottom - reach and one.upright > sign.bottom]
    return _spread_out(sign, above), _spread_out(sign, below)


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


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def members_of(holder: Block, others: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """Returns the index and the radicand of a root, or what is above and below a bar or a sign."""
    if holder.label == RADICAL:
        return parts_of_root(holder, others)
    return (parts_of_bar if holder.label == BAR else limits_of)(holder, others)
