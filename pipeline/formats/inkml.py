"""InkML as CROHME writes it: pen traces, and groups of traces that are symbols (https://www.w3.org/TR/InkML/).

    ink = read_inkml(data)      # ink.traces, ink.symbols, ink.truth, ink.writer; InkmlError where nothing is to be had
    write_inkml("formula.inkml", traces, [("x", [0, 1])], truth="x", writer="w1")

Coordinates are in any unit, x to the right, y downwards. The reader takes files from anywhere: it streams through
expat, refuses any document type declaration (so there are no entities to expand or fetch) and bounds size, depth and
counts. It goes by structure: a `traceGroup` that holds `traceView`s is a symbol, its `truth` annotation the label;
groups of groups only wrap, whatever they are called. CROHME's 10,493 files take 10 seconds.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from pipeline.errors import InkError
from pipeline.files import atomic_file

DECIMALS = 4  # of the coordinates written, as in CROHME
MAX_BYTES = 1 << 24  # the largest file of CROHME has 2 % of it
MAX_DEPTH = 256  # elements in elements; libxml2's bound too
MAX_TRACES = 10_000
MAX_SYMBOLS = 2_000
MAX_POINTS = 500_000
MAX_COORDINATE = 1e7  # CROHME's reach 30,215; what differs by less than a millionth is one point, see `canvas`
_ENCODING = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']""")
_EIGHT_BIT = ("ascii", "iso8859-1", "cp1252")  # other declared encodings are read as UTF-8


class InkmlError(ValueError):
    """A file that gives no formula: why, and at which byte."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class TraceGroup:
    """A label as the file spells it, and the traces it consists of: indices, in file order."""

    label: str
    traces: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InkmlFormula:
    """A formula. Every symbol has at least one trace; one trace may serve two symbols, or none."""

    traces: list[np.ndarray]  # float64 [points, 2]: x, y
    symbols: list[TraceGroup]
    dropped: int  # symbols left out because a trace of theirs is not in the file or has no points
    truth: str  # LaTeX without `$`, "" when there is none
    writer: str  # "" when the file names none


def read_inkml(data: bytes) -> InkmlFormula:
    """Reads one formula.

    Bytes that are not UTF-8 are replaced: they occur in annotations, and a number that holds one is refused.

    Raises:
        InkmlError: no InkML, out of bounds, a trace that is not points of two numbers, or no symbol with ink.
    """
    if len(data) > MAX_BYTES:
        raise InkmlError(f"too large: {len(data)} bytes, at most {MAX_BYTES} are read")
    text = _text(data)
    if not text:
        raise InkmlError("empty file")
    return _Reader().read(text)


def _text(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").lstrip()
    data = data.removeprefix(codecs.BOM_UTF8).lstrip()
    declared = _ENCODING.match(data[:200])
    try:
        encoding = codecs.lookup(declared[1].decode()).name if declared else "utf-8"
    except LookupError:
        encoding = "utf-8"
    return data.decode(encoding if encoding in _EIGHT_BIT else "utf-8", "replace")


@dataclass
class _Group:
    """An open or closed `traceGroup`: the ids of its own traces."""

    label: str | None = None
    wraps: bool = False  # other groups; then it is no symbol
    traces: list[str] = field(default_factory=list)


class _Reader:
    """Collects what matters while expat walks through a file."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = lambda *_: self._refuse("a document type declaration: not allowed")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._path: list[str] = []
        self._text: list[str] | None = None  # of the element that is being collected
        self._depth = 0  # at which it lies
        self._channels: list[str] = []
        self._annotation = ""
        self._traces: list[np.ndarray] = []
        self._points = 0
        self._ids: dict[str, int] = {}
        self._groups: list[_Group] = []
        self._symbols: list[_Group] = []
        self._said: dict[str, str] = {}  # annotations of the whole file

    def read(self, text: str) -> InkmlFormula:
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            raise InkmlError(f"not XML: {error}", max(self._parser.ErrorByteIndex, 0)) from error
        symbols = self._whole_symbols()
        if not symbols:
            self._refuse(f"no symbol with ink: {len(self._traces)} traces, {len(self._symbols)} labelled groups")
        truth = self._said.get("truth", "").removeprefix("$").removesuffix("$").strip()
        dropped = len(self._symbols) - len(symbols)
        return InkmlFormula(self._traces, symbols, dropped, truth, self._said.get("writer", ""))

    def _refuse(self, reason: str) -> NoReturn:
        raise InkmlError(reason, max(self._parser.CurrentByteIndex, 0))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self._path and name != "ink":
            self._refuse(f"not InkML: expected <ink>, found <{name[:40]}>")
        if len(self._path) == MAX_DEPTH:
            self._refuse(f"more than {MAX_DEPTH} elements deep")
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if name == "trace":
            self._start_trace(attributes)
        elif name == "annotation" and parent in ("ink", "traceGroup"):
            self._collect(attributes.get("type", ""))
        elif name == "traceGroup":
            for outer in self._groups[-1:]:
                outer.wraps = True
            self._groups.append(_Group())
        elif name == "traceView" and self._groups:
            self._groups[-1].traces.append(attributes.get("traceDataRef", "").removeprefix("#"))
        elif name == "traceFormat":
            self._channels = []
        elif name == "channel" and parent == "traceFormat":
            self._channels.append(attributes.get("name", ""))

    def _start_trace(self, attributes: dict[str, str]) -> None:
        if self._channels and [name.upper() for name in self._channels[:2]] != ["X", "Y"]:
            self._refuse(f"expected the channels X, Y first, found {', '.join(self._channels)[:80]}")
        if len(self._ids) == MAX_TRACES:
            self._refuse(f"more than {MAX_TRACES} traces")
        number = str(len(self._ids))
        name = attributes.get("id", attributes.get("xml:id", f"({number})"))  # which is no id
        if name in self._ids:
            self._refuse(f"two traces have the id {name[:40]!r}")
        self._ids[name] = -1
        if self._groups:
            self._groups[-1].traces.append(name)
        self._collect(name)

    def _collect(self, name: str) -> None:
        """Text from here to the end of the element that was just opened is of `name`."""
        self._annotation, self._text, self._depth = name, [], len(self._path)

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        depth, name = len(self._path), self._path.pop()
        if name == "traceGroup":
            self._end_group()
        if self._text is None or depth != self._depth:
            return
        text, self._text = "".join(self._text).strip(), None
        if name == "trace":
            self._end_trace(text)
        elif self._path[-1] == "ink":
            self._said.setdefault(self._annotation, text)
        elif self._annotation == "truth" and self._groups[-1].label is None:
            self._groups[-1].label = text

    def _end_group(self) -> None:
        group = self._groups.pop()
        if group.traces and not group.wraps:
            self._symbols.append(group)
        if len(self._symbols) > MAX_SYMBOLS:
            self._refuse(f"more than {MAX_SYMBOLS} symbols")

    def _end_trace(self, text: str) -> None:
        if self._points + text.count(",") + bool(text) > MAX_POINTS:  # told before they take memory
            self._refuse(f"more than {MAX_POINTS} points")
        points = self._parse(text)
        self._points += len(points)
        if not (np.abs(points) <= MAX_COORDINATE).all():
            self._refuse(f"trace {self._annotation[:40]}: a coordinate that is not within ±{MAX_COORDINATE:.0f}")
        if len(points):
            self._ids[self._annotation] = len(self._traces)
            self._traces.append(points)

    def _parse(self, text: str) -> np.ndarray:
        """Points x, y; further channels are left out."""
        rows = (point.split(maxsplit=2) for point in text.split(","))
        try:
            return np.array([(float(row[0]), float(row[1])) for row in rows if row], np.float64).reshape(-1, 2)
        except (ValueError, IndexError):
            self._refuse(f"trace {self._annotation[:40]}: a point that is not two numbers")

    def _whole_symbols(self) -> list[TraceGroup]:
        """The symbols all of whose traces are there."""
        resolved = ({self._ids.get(trace, -1) for trace in group.traces} for group in self._symbols)
        pairs = zip(self._symbols, resolved, strict=True)
        return [TraceGroup(group.label or "", tuple(sorted(traces))) for group, traces in pairs if -1 not in traces]


def write_inkml(
    path: Path | str,
    traces: Sequence[np.ndarray | Sequence[Sequence[float]]],
    symbols: Sequence[tuple[str, Sequence[int]]],
    truth: str = "",
    writer: str = "",
) -> None:
    """Writes one formula, see `encode_inkml`. The file appears when it is complete."""
    data = encode_inkml(traces, symbols, truth, writer)
    with atomic_file(path) as partial:
        partial.write_bytes(data)


def encode_inkml(
    traces: Sequence[np.ndarray | Sequence[Sequence[float]]],
    symbols: Sequence[tuple[str, Sequence[int]]],
    truth: str = "",
    writer: str = "",
) -> bytes:
    """One formula as InkML.

    Args:
        traces: one float [points, 2] (x, y) for each time the pen was down; y grows downwards. Written with
            `DECIMALS` decimals.
        symbols: label and indices of `traces` of each symbol.
        truth: LaTeX of the formula, without `$`; left out when empty.
        writer: name of the writer; left out when empty.

    Raises:
        InkError: a trace without points or with a coordinate that is no number, a symbol without traces or of a trace
            that is not there, or a text that XML cannot hold.
    """
    _check(traces, symbols, (truth, writer, *(label for label, _ in symbols)))
    lines = ['<ink xmlns="http://www.w3.org/2003/InkML">', "<traceFormat>"]
    lines += [f'<channel name="{name}" type="decimal"/>' for name in "XY"]
    lines += ["</traceFormat>"]
    lines += [f'<annotation type="writer">{escape(writer)}</annotation>'] if writer else []
    lines += [f'<annotation type="truth">${escape(truth)}$</annotation>'] if truth else []
    for index, trace in enumerate(traces):
        points = ", ".join(f"{_number(x)} {_number(y)}" for x, y in np.asarray(trace, np.float64).tolist())
        lines += [f'<trace id="{index}">', points, "</trace>"]
    lines += [f'<traceGroup xml:id="{len(traces)}">', '\t<annotation type="truth">Segmentation</annotation>']
    for index, (label, members) in enumerate(symbols, start=len(traces) + 1):
        lines += [f'\t<traceGroup xml:id="{index}">', f'\t\t<annotation type="truth">{escape(label)}</annotation>']
        lines += [f"\t\t<traceView traceDataRef={quoteattr(str(member))}/>" for member in members]
        lines += ["\t</traceGroup>"]
    lines += ["</traceGroup>", "</ink>", ""]
    return "\n".join(lines).encode()


def _number(value: float) -> str:
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _check(traces: Sequence, symbols: Sequence[tuple[str, Sequence[int]]], texts: Iterable[str]) -> None:
    for index, trace in enumerate(traces):
        points = np.asarray(trace, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not math.isfinite(np.abs(points).max()):
            raise InkError(f"trace {index}: expected finite points [n, 2] with n > 0, found {list(points.shape)}")
    for label, members in symbols:
        if not members or not all(0 <= member < len(traces) for member in members):
            raise InkError(f"symbol {label!r}: expected indices of {len(traces)} traces, found {list(members)}")
    for text in texts:
        if not text.isprintable():
            raise InkError(f"expected printable text, found {text!r}: XML cannot hold control characters")
