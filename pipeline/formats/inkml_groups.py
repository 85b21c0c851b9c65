"""The groups of an InkML file: finds the groups that are symbols and the pieces of traces that form them.

    for symbol in find_symbols(groups): ...      # symbol.label, "" if nothing names it; symbol.group
    Selection(ids, lengths, named).pieces(symbol.group)

Only the structure decides. A named group that contains ink and no other group is a symbol. If such a group has no name,
the symbol is the nearest named group around it that contains no named symbols, with all its ink. The group around the
whole formula is never a symbol: its truth is LaTeX or the name of a segmentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

MISSING, IN_THE_AIR = -1, -2  # instead of the index of a trace: the trace has no points; the pen was up
MAX_LEVELS = 256  # of nested groups and views of views, together
MAX_NODES = 25_000  # of all views of a file, unfolded
_PATH = re.compile(r"\d{1,9}(:\d{1,9}){0,255}", re.ASCII)


class View(NamedTuple):
    """A reference to a trace, a group or a view, or to its part from `first` to `last`, both included.

    Both are paths of numbers from 1: a child of the group, a child of that child, …, a point of the trace. An empty
    path sets no limit.
    """

    target: str
    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()


@dataclass(slots=True)
class Group:
    """A `traceGroup`, or a `traceView` that groups others."""

    name: str  # its id, or its number in the file
    offset: int = 0  # in bytes
    context: str = ""  # context of its traces
    label: str = ""
    members: list[Group | View] = field(default_factory=list)


class Found(NamedTuple):
    """A symbol and its label; "" if nothing names it."""

    label: str
    group: Group


class Piece(NamedTuple):
    """Points `start` to `stop` (exclusive) of a trace."""

    trace: int
    start: int
    stop: int


_Tree = Piece | int | list  # int: MISSING or IN_THE_AIR; list: a list of trees


def find_symbols(groups: Sequence[Group | View]) -> list[Found]:
    """The symbols in the outermost groups, in the order of their end tags. Each of `groups` must contain ink."""
    outermost = [group for group in groups if isinstance(group, Group)]
    return [found for group in outermost for found in _symbols(group, len(outermost) == 1)]


def _symbols(group: Group, whole: bool) -> list[Found]:
    inner = []
    wraps = False
    for member in group.members:
        if isinstance(member, Group):
            wraps = True
            inner += _symbols(member, False)
    if group.label and not (wraps and whole) and not any(found.label for found in inner):
        return [Found(group.label, group)]
    return inner if wraps else [Found("", group)]


def view_of(target: str, first: str, last: str) -> View:
    """Reads a view from its attributes.

    Raises:
        ValueError: `first` or `last` is not a path.
    """
    return View(target.removeprefix("#"), _path(first), _path(last))


def _path(text: str) -> tuple[int, ...]:
    text = text.strip()
    if text and not _PATH.fullmatch(text):
        raise ValueError(f"expected from and to of a traceView as counts from 1, like 2 or 1:2, found {text[:40]!r}")
    return tuple(map(int, text.split(":"))) if text else ()


class Selection:
    """Finds the pieces of traces in groups.

    Args:
        traces: by id, the index of each trace, `MISSING` or `IN_THE_AIR`.
        lengths: number of points of each trace.
        named: groups and views by id; None for an id that several elements have.
    """

    def __init__(
        self, traces: Mapping[str, int], lengths: Sequence[int], named: Mapping[str, Group | View | None]
    ) -> None:
        self._traces, self._lengths, self._named = traces, lengths, named
        self._nodes = 0

    def pieces(self, group: Group) -> set[Piece] | None:
        """All ink of a group; None if one of its traces is missing.

        Raises:
            ValueError: a view beyond the end of its target, an ambiguous target, or too many or too deep views.
        """
        found: set[Piece] = set()
        stack: list[_Tree] = [self._tree(group, 0)]
        while stack:
            tree = stack.pop()
            if isinstance(tree, list):
                stack += tree
            elif isinstance(tree, Piece):
                found.add(tree)
            elif tree == MISSING:
                return None
        return found

    def _tree(self, node: Group | View, level: int) -> _Tree:
        self._nodes += 1
        if self._nodes > MAX_NODES or level > MAX_LEVELS:
            raise ValueError(f"views of views: more than {MAX_NODES} views or {MAX_LEVELS} levels")
        if isinstance(node, Group):
            trees: list[_Tree] = []
            for member in node.members:
                trees.append(self._tree(member, level + 1))
            return trees
        trace = self._traces.get(node.target)
        if trace is not None:
            return _part(Piece(trace, 0, self._lengths[trace]) if trace >= 0 else trace, node.first, node.last)
        if node.target not in self._named:
            return MISSING
        target = self._named[node.target]
        if target is None:
            raise ValueError(f"a traceView of {node.target[:40]!r}: several elements have this id")
        return _part(self._tree(target, level + 1), node.first, node.last)


def _part(tree: _Tree, first: tuple[int, ...], last: tuple[int, ...]) -> _Tree:
    """The part of a tree between two paths, both included."""
    if isinstance(tree, int) or not (first or last):
        return tree
    count = len(tree) if isinstance(tree, list) else tree.stop - tree.start
    low, high = first[0] if first else 1, last[0] if last else count
    if not 1 <= low <= high <= count or (isinstance(tree, Piece) and max(len(first), len(last)) > 1):
        shown = f"from {':'.join(map(str, first)) or 'the start'} to {':'.join(map(str, last)) or 'the end'}"
        raise ValueError(f"a traceView {shown[:80]}: expected paths in its target, which has {count} parts")
    if isinstance(tree, Piece):
        return Piece(tree.trace, tree.start + low - 1, tree.start + high)
    parts: list[_Tree] = []
    for number in range(low, high + 1):
        inner = first[1:] if number == low else (), last[1:] if number == high else ()
        parts.append(_part(tree[number - 1], *inner))
    return parts


def cut_traces(traces: Sequence[np.ndarray], used: set[Piece]) -> tuple[list[np.ndarray], dict[Piece, int]]:
    """Replaces each trace that has used pieces by these pieces.

    Args:
        traces: float64 [points, 2] each.
        used: the pieces of all symbols.

    Returns:
        The traces and pieces, in the order of the traces, and the index of each used piece.
    """
    pieces: dict[int, list[Piece]] = {}
    for piece in sorted(used):
        pieces.setdefault(piece.trace, []).append(piece)
    order = [piece for index, trace in enumerate(traces) for piece in pieces.get(index, [Piece(index, 0, len(trace))])]
    cut = [traces[piece.trace][piece.start : piece.stop] for piece in order]
    return cut, {piece: index for index, piece in enumerate(order)}
