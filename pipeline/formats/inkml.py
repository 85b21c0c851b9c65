"""Reads InkML as CROHME writes it: pen traces, and groups of traces that form symbols (https://www.w3.org/TR/InkML/).

    ink = read_inkml(data)      # ink.traces, ink.symbols, ink.truth, ink.writer; InkmlError if there is no formula

Coordinates are in any unit, x to the right, y downwards. The reader is safe for files from any origin: it parses with
expat, refuses document type declarations (so it never expands or fetches entities) and limits size, depth and counts.
`inkml_groups` decides which groups are symbols; `inkml_contexts` decides what the coordinates of a trace mean. The
reader refuses unsupported constructs that would change the ink. CROHME's 10,493 files take 10 seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

import numpy as np

from pipeline.formats.inkml_contexts import Contexts
from pipeline.formats.inkml_groups import (
    IN_THE_AIR,
    MISSING,
    Found,
    Group,
    Selection,
    View,
    cut_traces,
    find_symbols,
    view_of,
)
from pipeline.formats.inkml_points import Layout, read_points
from pipeline.formats.inkml_text import EncodingError, Text, decode_text

MAX_BYTES = 1 << 24  # the largest CROHME file has 2 % of it
MAX_DEPTH = 256  # nested elements; libxml2 has the same limit
MAX_TRACES = 10_000
MAX_SYMBOLS = 2_000
MAX_VIEWS = 25_000  # more than two per trace
MAX_POINTS = 500_000
MAX_COORDINATE = 1e7  # CROHME has at most 30,215; `canvas` merges points less than a millionth apart
SHOWN_GROUPS = 5  # in the message about symbols without truth


class InkmlError(ValueError):
    """A file without a readable formula: the reason, and its byte offset in the text (in UTF-8)."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class TraceGroup:
    """A symbol: its label, spelt as in the file, and the indices of its traces, in file order."""

    label: str
    traces: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InkmlFormula:
    """A formula. Every symbol has at least one trace; a trace may belong to several symbols or to none."""

    traces: list[np.ndarray]  # float64 [points, 2]: x, y; if symbols use parts of a trace, each part is a trace
    symbols: list[TraceGroup]
    dropped: int  # number of symbols without ink, or with a trace that is missing or has no points
    truth: str  # LaTeX without `$`, "" if there is none
    writer: str  # "" if the file names none


def read_inkml(data: bytes) -> InkmlFormula:
    """Reads one formula.

    Raises:
        InkmlError: not InkML, over a limit, bytes that do not match the encoding, a point without two numbers, an
            unsupported construct, a symbol without truth, or no symbol with ink.
    """
    if len(data) > MAX_BYTES:
        raise InkmlError(f"too large: {len(data)} bytes, at most {MAX_BYTES} are read")
    try:
        text = decode_text(data)
    except EncodingError as error:
        raise InkmlError(str(error)) from error
    if not text.content:
        raise InkmlError("empty file")
    return _Reader(text).read()


class _Reader:
    """Collects traces, groups and annotations while expat parses a file."""

    def __init__(self, text: Text) -> None:
        self._source = text
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = lambda *_: self._refuse("a document type declaration: not allowed")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._path: list[str] = []
        self._text: list[str] | None = None  # text of the element being collected; None if there is none
        self._depth = 0  # its depth
        self._annotation = ""
        self._contexts = Contexts()
        self._layout: Layout | None = None  # of the trace being collected; None if the pen was up
        self._traces: list[np.ndarray] = []
        self._points = 0
        self._ids: dict[str, int] = {}
        self._groups: list[Group] = []  # open groups
        self._views: list[View | None] = []  # open views; None for a view that groups others
        self._named: dict[str, Group | View | None] = {}
        self._outermost: list[Group | View] = []
        self._count: Counter[str] = Counter()
        self._annotations: dict[str, str] = {}  # of the whole file, by type

    def read(self) -> InkmlFormula:
        """Parses the file and returns its formula.

        Raises:
            InkmlError: see `read_inkml`.
        """
        try:
            self._parser.Parse(self._source.content, True)
        except expat.ExpatError as error:
            raise InkmlError(f"not XML: {error}", max(self._parser.ErrorByteIndex, 0)) from error
        truth, writer = self._annotations.get("truth", ""), self._annotations.get("writer", "")
        try:
            self._source.check(truth)
            self._source.check(writer)
            traces, symbols, dropped = self._symbols()
        except InkmlError:
            raise
        except ValueError as error:
            self._refuse(str(error))
        return InkmlFormula(traces, symbols, dropped, truth.removeprefix("$").removesuffix("$").strip(), writer)

    def _refuse(self, reason: str) -> NoReturn:
        raise InkmlError(reason, max(self._parser.CurrentByteIndex, 0))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self._path and name != "ink":
            self._refuse(f"not InkML: expected <ink>, found <{name[:40]}>")
        if len(self._path) == MAX_DEPTH:
            self._refuse(f"more than {MAX_DEPTH} elements deep")
        self._path.append(name)
        try:
            self._contexts.start(self._path, attributes)
            self._open(name, attributes)
        except ValueError as error:
            self._refuse(str(error))

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if name == "trace":
            self._start_trace(attributes)
        elif name == "annotation" and self._annotates():
            self._collect(attributes.get("type", ""))
        elif name == "traceGroup":
            self._start_group(attributes)
        elif name == "traceView":
            self._start_view(attributes)

    def _annotates(self) -> bool:
        """Whether an annotation that begins here belongs to the file or to a group."""
        parent = self._path[-2]
        return parent in ("ink", "traceGroup") or (parent == "traceView" and self._views[-1] is None)

    def _start_group(self, attributes: dict[str, str]) -> None:
        self._count["groups"] += 1
        name = _id(attributes)
        context = attributes.get("contextRef", self._groups[-1].context if self._groups else "")
        group = Group(name or f"({self._count['groups']})", max(self._parser.CurrentByteIndex, 0), context)
        self._groups.append(group)
        self._name(name, group)

    def _start_view(self, attributes: dict[str, str]) -> None:
        self._count["views"] += 1
        if self._count["views"] > MAX_VIEWS:
            self._refuse(f"more than {MAX_VIEWS} trace views")
        if "traceDataRef" not in attributes:
            self._views.append(None)
            self._start_group(attributes)
            return
        view = view_of(attributes["traceDataRef"], attributes.get("from", ""), attributes.get("to", ""))
        self._views.append(view)
        self._name(_id(attributes), view)
        if self._groups:
            self._groups[-1].members.append(view)

    def _name(self, name: str, element: Group | View) -> None:
        if name:
            self._named[name] = None if name in self._named else element

    def _start_trace(self, attributes: dict[str, str]) -> None:
        if len(self._ids) == MAX_TRACES:
            self._refuse(f"more than {MAX_TRACES} traces")
        number = str(len(self._ids))
        name = _id(attributes) or f"({number})"  # not a valid id, so it is unique
        if name in self._ids:
            self._refuse(f"two traces have the id {name[:40]!r}")
        if "continuation" in attributes or "priorRef" in attributes:
            self._refuse(f"trace {name[:40]}: expected a whole trace, found one that continues another")
        kind = attributes.get("type", "penDown")
        if kind not in ("penDown", "penUp"):
            self._refuse(f"trace {name[:40]}: expected the type penDown or penUp, found {kind[:40]!r}")
        context = attributes.get("contextRef", self._groups[-1].context if self._groups else "")
        self._layout = self._contexts.layout(context) if kind == "penDown" else None
        self._ids[name] = MISSING if kind == "penDown" else IN_THE_AIR
        if self._groups:
            self._groups[-1].members.append(View(name))
        self._collect(name)

    def _collect(self, name: str) -> None:
        """Starts to collect the text of the element that was just opened, up to its end, under `name`."""
        self._annotation, self._text, self._depth = name, [], len(self._path)

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        self._contexts.end(self._path)
        depth, name = len(self._path), self._path.pop()
        if name == "traceGroup" or (name == "traceView" and self._views.pop() is None):
            self._end_group(name)
        if self._text is None or depth != self._depth:
            return
        text, self._text = "".join(self._text).strip(), None
        if name == "trace":
            self._end_trace(text)
        elif self._path[-1] == "ink":
            self._annotations.setdefault(self._annotation, text)
        elif self._annotation == "truth":
            self._groups[-1].label = self._groups[-1].label or text

    def _end_group(self, tag: str) -> None:
        group = self._groups.pop()
        if group.members:
            self._count["symbols"] += not any(isinstance(member, Group) for member in group.members)
            (self._groups[-1].members if self._groups else self._outermost).append(group)
        elif tag == "traceView" and self._groups:
            self._groups[-1].members.append(View(""))  # a view of nothing
        if self._count["symbols"] > MAX_SYMBOLS:
            self._refuse(f"more than {MAX_SYMBOLS} symbols")

    def _end_trace(self, text: str) -> None:
        if self._layout is None:
            return
        if self._points + text.count(",") + bool(text) > MAX_POINTS:  # checked before memory is allocated
            self._refuse(f"more than {MAX_POINTS} points")
        points = self._parse(text, self._layout)
        self._points += len(points)
        if not (np.abs(points) <= MAX_COORDINATE).all():
            self._refuse(f"trace {self._annotation[:40]}: a coordinate outside ±{MAX_COORDINATE:.0f}")
        if len(points):
            self._ids[self._annotation] = len(self._traces)
            self._traces.append(points)

    def _parse(self, text: str, layout: Layout) -> np.ndarray:
        try:
            return read_points(text, layout)
        except ValueError:
            self._refuse(f"trace {self._annotation[:40]}: a point that is not two numbers")

    def _symbols(self) -> tuple[list[np.ndarray], list[TraceGroup], int]:
        """The traces, the symbols that have all their traces, and the number of other symbols."""
        selection = Selection(self._ids, [len(trace) for trace in self._traces], self._named)
        found = find_symbols(self._outermost)
        pairs = [(symbol, pieces) for symbol in found if (pieces := selection.pieces(symbol.group))]
        if not pairs:
            self._refuse(f"no symbol with ink: {len(self._traces)} traces, {len(found)} groups with traces")
        _check_labels([symbol for symbol, _ in pairs])
        for symbol, _ in pairs:
            self._source.check(symbol.label)
        traces, places = cut_traces(self._traces, {piece for _, pieces in pairs for piece in pieces})
        if len(traces) > MAX_TRACES or sum(map(len, traces)) > MAX_POINTS:
            self._refuse(f"parts of traces: more than {MAX_TRACES}, or more than {MAX_POINTS} points in them")
        symbols = [
            TraceGroup(symbol.label, tuple(sorted(places[piece] for piece in pieces))) for symbol, pieces in pairs
        ]
        return traces, symbols, len(found) - len(pairs)


def _id(attributes: dict[str, str]) -> str:
    return attributes.get("id", attributes.get("xml:id", ""))


def _check_labels(found: Sequence[Found]) -> None:
    """Raises InkmlError if there are symbols without truth."""
    nameless = [symbol.group for symbol in found if not symbol.label]
    if nameless:
        shown = ", ".join(group.name[:40] for group in nameless[:SHOWN_GROUPS])
        more = f" and {len(nameless) - SHOWN_GROUPS} more" if len(nameless) > SHOWN_GROUPS else ""
        raise InkmlError(
            f"symbols without truth: expected an annotation of type 'truth' in the traceGroup {shown}{more} or around "
            "it, found none; add it or remove the file",
            nameless[0].offset,
        )
