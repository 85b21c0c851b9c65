"""What a formula has shown of its letters: one that has a subscript in one place likely has one in the next.

habits = habits_of(row)         # of a first reading
habits.subscript(node)          # 2.5 if another symbol with this label has a subscript
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.structure.tree import Node, Row, nodes
from pipeline.structure.usage import LETTERS, kind_of

BASES = LETTERS | {"capital", "greek"}
KNOWN_BASE = 2.5  # how much more plausible a subscript is if the letter has one elsewhere
KNOWN_LETTER = -0.5  # and if it stands elsewhere, but never with one


@dataclass(frozen=True)
class Habits:
    """Symbols of a reading by their label.

    Attributes:
        letters: all that can have a subscript.
        bases: those that have one.
    """

    letters: Mapping[str, set[int]] = field(default_factory=dict)
    bases: Mapping[str, set[int]] = field(default_factory=dict)

    def subscript(self, node: Node) -> float:
        """Returns how plausible a subscript of a symbol is by the other symbols with its label."""
        if self.bases.get(node.label, set()) - {node.symbol}:
            return KNOWN_BASE
        return KNOWN_LETTER if self.letters.get(node.label, set()) - {node.symbol} else 0.0


def habits_of(row: Row) -> Habits:
    """Returns what a reading shows."""
    letters: dict[str, set[int]] = defaultdict(set)
    bases: dict[str, set[int]] = defaultdict(set)
    for node in nodes(row):
        if kind_of(node.label) in BASES:
            letters[node.label].add(node.symbol)
            if node.sub:
                bases[node.label].add(node.symbol)
    return Habits(letters, bases)
