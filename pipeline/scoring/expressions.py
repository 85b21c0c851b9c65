r"""Scores whole formulas: symbol layout trees that were read, against the true ones.

    counts = sum_expressions(compare(truth, found) for ...)
    counts.share(0)         # ExpRate: all symbols and all relations are right
    counts.share(1)         # at most one label is wrong, and the structure is right

Trees are compared in one form, `pipeline.structure.tree.with_limits`: the scripts of `\sum`, `\int` and `\lim` count as
limits wherever they are written, since LaTeX does not tell. Definitions: Mouchère et al. 2014, "ICFHR 2014 Competition
on Recognition of On-line Handwritten Mathematical Expressions".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.structure.tree import Row, edges, nodes, with_limits

MOST_ERRORS = 2  # wrong labels that the competition still counts


@dataclass(frozen=True)
class Expressions:
    """Numbers of formulas.

    Attributes:
        total: all.
        structure: with the right structure, whatever the labels.
        read: with the right structure and at most 0, 1, 2 wrong labels.
    """

    total: int = 0
    structure: int = 0
    read: tuple[int, int, int] = (0, 0, 0)

    def __add__(self, other: Expressions) -> Expressions:
        read = tuple(one + another for one, another in zip(self.read, other.read, strict=True))
        return Expressions(self.total + other.total, self.structure + other.structure, (read[0], read[1], read[2]))

    def share(self, errors: int) -> float:
        """Returns the share of formulas with at most so many wrong labels and the right structure."""
        return self.read[errors] / self.total if self.total else 0.0

    @property
    def structure_rate(self) -> float:
        """Share of the formulas with the right structure."""
        return self.structure / self.total if self.total else 0.0


def compare(truth: Row, found: Row) -> Expressions:
    """Compares two trees by shape and labels, without regard to which ink a symbol is."""
    one, other = (list(nodes(with_limits(tree))) for tree in (truth, found))
    if _shape(truth) != _shape(found):
        return Expressions(1)
    wrong = sum(node.label != another.label for node, another in zip(one, other, strict=True))
    read = [int(wrong <= errors) for errors in range(MOST_ERRORS + 1)]
    return Expressions(1, 1, (read[0], read[1], read[2]))


def sum_expressions(counts: Iterable[Expressions]) -> Expressions:
    """Adds the counts of several formulas."""
    return sum(counts, Expressions())


def relations_right(truth: Row, found: Row) -> tuple[int, int]:
    """Returns how many symbols of `truth` have the right parent and relation in `found`, and how many there are.

    Args:
        truth, found: trees over the same symbols.
    """
    true, read = edges(with_limits(truth)), edges(with_limits(found))
    return sum(read.get(symbol) == edge for symbol, edge in true.items()), len(true)


def _shape(tree: Row) -> list[tuple[int, str]]:
    """Returns the parent of each symbol, by its place in the order of `nodes`, and its relation to it."""
    tree = with_limits(tree)
    place = {node.symbol: index for index, node in enumerate(nodes(tree))} | {-1: -1}
    found = edges(tree)
    return [(place[found[node.symbol][0]], found[node.symbol][1]) for node in nodes(tree)]
