"""Blocks: what `parsing` and `scripts` put into rows, symbols with what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.structure.shapes import AXIS, shape_of
from pipeline.structure.tree import BAR, LIMITS, Node
from pipeline.structure.usage import Kind, kind_of

LEAST_UNIT = 1e-6  # of symbols without extent


@dataclass(frozen=True, eq=False)
class Block:
    """A symbol with what it holds. Lengths are in any unit, y downwards.

    Attributes:
        node: the symbol.
        top, left, bottom, right: extent of the whole.
        middle: height at which it stands on its line: the centre of the symbol, or the bar of a fraction.
        whole: whether it holds others, and is therefore taller than its line.
        unit: size of a full-size digit among what it holds; None if it holds nothing, or if that does not tell.
        score: how plausible is what it holds.
    """

    node: Node
    top: float
    left: float
    bottom: float
    right: float
    middle: float
    whole: bool = False
    unit: float | None = None
    score: float = 0.0

    @property
    def label(self) -> str:
        """Name of the symbol."""
        return self.node.label

    @cached_property
    def kind(self) -> Kind:
        """Kind of the symbol; a bar with a numerator and a denominator is a fraction."""
        return "fraction" if self.whole and self.label == BAR else kind_of(self.label)

    @cached_property
    def height(self) -> float:
        """Height of the whole."""
        return self.bottom - self.top

    @cached_property
    def width(self) -> float:
        """Width of the whole."""
        return self.right - self.left

    @cached_property
    def size(self) -> float | None:
        """Size of a full-size digit by the size of the block; None if it does not tell."""
        if self.whole:
            return self.unit
        shape = shape_of(self.label)
        if shape.length is None:
            return None
        return max(self.height, shape.across * self.width, LEAST_UNIT) / shape.length

    @cached_property
    def centre(self) -> float:
        """Height of its centre above the baseline of its line, in units."""
        return AXIS if self.whole else shape_of(self.label).centre

    @property
    def across(self) -> float:
        """Horizontal centre of the whole."""
        return (self.left + self.right) / 2

    @property
    def upright(self) -> float:
        """Vertical centre of the whole."""
        return (self.top + self.bottom) / 2


def joined(node: Node, holder: Block, held: Sequence[Block], score: float = 0.0) -> Block:
    """Returns `node` as one block that covers `holder` and what it holds."""
    parts = [holder, *held]
    # Limits are smaller than what their sign stands among.
    telling = [holder] if holder.label in LIMITS else held
    units = sorted(unit for one in telling if (unit := one.size) is not None)
    return Block(
        node,
        min(one.top for one in parts),
        min(one.left for one in parts),
        max(one.bottom for one in parts),
        max(one.right for one in parts),
        holder.middle,
        whole=True,
        unit=units[len(units) // 2] if units else None,
        score=score,
    )
