r"""Symbol layout trees: rows of symbols, each with the rows that are written around it.

    row = (Node(0, "x", sup=(Node(1, "2"),)), Node(2, "+"), Node(3, "1"))     # x^{2}+1
    edges(row)                                                                # {0: (-1, "right"), 1: (0, "sup"), ...}

A fraction is its bar, the symbol `-`, with the numerator above and the denominator below. A root has its radicand
inside. The limits of `\sum` are above and below it. A script belongs to the symbol that it stands beside: in (a+b)^2 to
the closing bracket. Source: Zanibbi and Blostein 2012, "Recognition and retrieval of mathematical expressions"; CROHME
scores the same trees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Relation = Literal["right", "sup", "sub", "above", "below", "inside", "index"]
"""How a symbol relates to its parent; `index` is the degree of a root."""

RELATIONS: tuple[Relation, ...] = get_args(Relation)
AROUND = RELATIONS[1:]
ROOT = -1  # parent of the first symbol of a formula

BAR, RADICAL = "-", "\\sqrt"
LIMITS = frozenset({"\\sum", "\\int", "\\lim"})
"""Symbols whose scripts are limits: LaTeX cannot tell whether they are written beside it or above and below."""


@dataclass(frozen=True)
class Node:
    """A symbol and what is written around it.

    Attributes:
        symbol: its index among the symbols of the formula.
        label: its name, see `pipeline.formats.symbols`.
        sup, sub, above, below, inside, index: the rows around it.
    """

    symbol: int
    label: str
    sup: Row = ()
    sub: Row = ()
    above: Row = ()
    below: Row = ()
    inside: Row = ()
    index: Row = ()

    def around(self) -> Iterator[tuple[Relation, Row]]:
        """Yields the rows around the symbol that are not empty."""
        for relation in AROUND:
            if row := getattr(self, relation):
                yield relation, row


Row = tuple[Node, ...]

Edges = Mapping[int, tuple[int, Relation]]
"""Parent and relation of each symbol."""


def edges(row: Row) -> dict[int, tuple[int, Relation]]:
    """Returns the parent of every symbol of a tree, and its relation to it; the first has the parent `ROOT`."""
    found: dict[int, tuple[int, Relation]] = {}
    waiting: list[tuple[Row, int, Relation]] = [(row, ROOT, "right")]
    while waiting:
        part, parent, relation = waiting.pop()
        for node in part:
            found[node.symbol] = (parent, relation)
            waiting += [(inner, node.symbol, name) for name, inner in node.around()]
            parent, relation = node.symbol, "right"
    return found


def nodes(row: Row) -> Iterator[Node]:
    """Yields every node of a tree: a symbol before what is around it, in the order of `AROUND`, then what follows."""
    for node in row:
        yield node
        for _, inner in node.around():
            yield from nodes(inner)


def with_limits(row: Row) -> Row:
    """Returns the tree in which the scripts of `LIMITS` are above and below: the form in which trees are compared."""
    return tuple(_with_limits(node) for node in row)


def _with_limits(node: Node) -> Node:
    parts = {relation: with_limits(inner) for relation, inner in node.around()}
    if node.label in LIMITS:
        parts["above"] = parts.pop("above", ()) + parts.pop("sup", ())
        parts["below"] = parts.pop("below", ()) + parts.pop("sub", ())
    return with_rows(Node(node.symbol, node.label), parts)


def with_rows(node: Node, rows: Mapping[Relation, Row]) -> Node:
    """Returns the node with other rows around it, those that `rows` names."""
    return replace(node, **{str(relation): row for relation, row in rows.items()})  # type: ignore[arg-type]


def as_json(row: Row) -> list[dict[str, Any]]:
    """Returns a tree of lists and dicts: `symbol`, `label`, and the rows around it that are not empty."""
    return [
        {"symbol": node.symbol, "label": node.label} | {relation: as_json(inner) for relation, inner in node.around()}
        for node in row
    ]
