"""From the files of a data source to formulas on the canvas: InkML files, and images that a COCO file has boxes for.

for unit in plan("data/raw/formulas"):
    for outcome in read_unit(unit, frame): ...      # a Drawn, Filtered or Rejected for each file
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.errors import InkError
from pipeline.formats.archives import Entry, find_entries, read_entries
from pipeline.formats.formula import Formula
from pipeline.formats.inkml import MAX_BYTES, InkmlError, read_inkml
from pipeline.formats.png import encode_png
from pipeline.formats.symbols import LABELS, canonical
from pipeline.ink.canvas import Frame, Picture, draw_ink

INKML = ".inkml"
PARAM = "math.decode.source"
UNIT_FILES = 256


@dataclass(frozen=True, slots=True)
class InkUnit:
    """InkML files of one folder."""

    entries: tuple[Entry, ...]

    @property
    def files(self) -> int:
        """How many."""
        return len(self.entries)


Unit = InkUnit


@dataclass(frozen=True, slots=True)
class Drawn:
    """A formula, and what was left out of it."""

    formula: Formula
    dropped: int = 0  # symbols without ink of their own
    unreferenced: int = 0  # traces that no symbol has


@dataclass(frozen=True, slots=True)
class Filtered:
    """A formula with symbols outside the class list."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that gave no formula."""

    file: str
    offset: int
    reason: str


def plan(source: Path | str) -> list[InkUnit]:
    """The units of work of a source, in the order of their files.

    Raises:
        InkError: see `find_entries`; two files that would share a key; a name that keys cannot hold.
    """
    entries = find_entries(source, (INKML,), PARAM)
    _check_keys((entry.name, _key(entry.unpacked)) for entry in entries)
    entries.sort(key=lambda entry: (entry.unpacked.parent.parts, entry.unpacked.name))
    folders = itertools.groupby(entries, lambda entry: (entry.path if entry.member else "", entry.unpacked.parent))
    return [InkUnit(chunk) for _, group in folders for chunk in _chunks(group)]


def read_unit(unit: InkUnit, frame: Frame) -> Iterator[Drawn | Filtered | Rejected]:
    """Yields what came of each file of a unit, in order."""
    for entry, data in zip(unit.entries, read_entries(unit.entries, MAX_BYTES), strict=True):
        if isinstance(data, Exception):
            yield Rejected(entry.name, 0, f"cannot be read: {data}")
            continue
        try:
            yield _draw(entry, data, frame)
        except InkmlError as error:
            yield Rejected(entry.name, error.offset, str(error))


def _draw(entry: Entry, data: bytes, frame: Frame) -> Drawn | Filtered:
    ink = read_inkml(data)
    symbols = [canonical(symbol.label) for symbol in ink.symbols]
    if unknown := tuple(symbol for symbol in symbols if symbol not in LABELS):
        return Filtered(unknown)
    members = [symbol.traces for symbol in ink.symbols]
    picture = draw_ink(ink.traces, members, frame)
    formula = _formula(_key(entry.unpacked), ink.writer, ink.truth, symbols, picture)
    return Drawn(formula, ink.dropped, len(ink.traces) - len(picture.strokes))


def _formula(key: str, writer: str, truth: str, symbols: list[str], picture: Picture) -> Formula:
    height, width = picture.image.shape
    return Formula(
        key=key,
        writer=writer,
        source=key.rpartition("/")[0],
        truth=truth,
        height=height,
        width=width,
        image=encode_png(picture.image),
        boxes=picture.boxes,
        labels=np.array([LABELS[symbol] for symbol in symbols], np.int64),
        symbols=symbols,
        strokes=[stroke.reshape(-1) for stroke in picture.strokes],
        symbol_strokes=picture.symbol_strokes,
    )


def _key(name: PurePosixPath) -> str:
    return name.with_suffix("").as_posix()


def _chunks(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    iterator = iter(entries)
    while chunk := tuple(itertools.islice(iterator, UNIT_FILES)):
        yield chunk


def _check_keys(named: Iterable[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for name, key in named:
        other = seen.setdefault(key, name)
        if other is not name:
            raise InkError(
                f"{other} and {name}: both would give a sample with the key {key}; take one of the two out of {PARAM} "
                "or rename it"
            )
        if not key.isprintable():  # bytes that are not UTF-8 decode to surrogates
            raise InkError(f"{name!r}: expected a printable file name, since keys are made of it; rename the file")
