"""Blocks: what `parsing` and `scripts` put into rows, symbols with what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.structure.shapes import shape_of
from pipeline.structure.tree import BAR, LIMITS, Node
from pipeline.structure.usage import Kind, kind_of

LEAST_UNIT = 1e-6  # of symbols without extent


@dataclass(frozen=True)
class Block:
    """A symbol with what it holds. Lengths are in any unit, y downwards.

    Attributes:
        node: the symbol.
        top, left, bottom, right: extent of the whole.
        middle: height at which it stands on its line: the centre of the symbol, or the bar of a fraction.
        whole: whether it holds others, and is therefore taller than its line.
        unit: size of a full-size digit among what it holds; None if it holds nothing, or if that does not tell.
    """

    node: Node
    top: float
    left: float
    bottom: float
    right: float
    middle: float
    whole: bool = False
    unit: float | None = None

    @property
    def label(self) -> str:
        """Name of the symbol."""
        return self.node.label

    @property
    def kind(self) -> Kind:
        """Kind of the symbol; a bar with a numerator and a denominator is a fraction."""
        return "fraction" if self.whole and self.label == BAR else kind_of(self.label)

    @property
    def height(self) -> float:
        """Height of the whole."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """Width of the whole."""
        return self.right - self.left

    @property
    def across(self) -> float:
        """Horizontal centre of the whole."""
        return (self.left + self.right) / 2

    @property
    def upright(self) -> float:
        """Vertical centre of the whole."""
        return (self.top + self.bottom) / 2


def joined(node: Node, holder: Block, held: Sequence[Block]) -> Block:
    """Returns `node` as one block that covers `holder` and what it holds."""
    parts = [holder, *held]
    # Limits are smaller than what their sign stands among.
    telling = [holder] if holder.label in LIMITS else held
    units = sorted(unit for one in telling if (unit := unit_of(one)) is not None)
    return Block(
        node,
        min(one.top for one in parts),
        min(one.left for one in parts),
        max(one.bottom for one in parts),
        max(one.right for one in parts),
        holder.middle,
        whole=True,
        unit=units[len(units) // 2] if units else None,
    )


def unit_of(block: Block) -> float | None:
    """Returns the size of a full-size digit by the size of a block; None if it does not tell."""
    if block.whole:
        return block.unit
    shape = shape_of(block.label)
    if shape.length is None:
        return None
    return max(block.height, shape.across * block.width, LEAST_UNIT) / shape.length
