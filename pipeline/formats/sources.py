"""Turns a data source (folder, file, archive) into units of work: one `.gnt` file each, plain or in an archive.

    stock = take_stock("data/raw/casia")
    for unit in stock.units:
        for item in read_unit(unit): ...    # GntRecord or Defect, see `pipeline.formats.gnt`

`pipeline.formats.search` finds the files of the source. A file that occurs twice (in a zip and unpacked next to it) is
read once: the plain one, or the first by name.
"""

from __future__ import annotations

import contextlib
import mmap
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from pipeline.errors import InkError
from pipeline.formats.entries import Entry, open_entry, same_bytes
from pipeline.formats.gnt import Defect, GntRecord, Span, read_gnt, spans
from pipeline.formats.not_read import NotRead, not_read
from pipeline.formats.search import find_entries
from pipeline.formats.unpacking import CHUNK, Room, write_all
from pipeline.formats.zip_member import ZIP_ERRORS
from pipeline.stores import is_remote, local_copy

GNT = ".gnt"
PARAM = "decode.source"
_CASIA_STEM = re.compile(r"([A-Z]?\d{3,4})-[a-z]", re.IGNORECASE)  # 1001-f, C001-f, 001-f: writer, kind of sample
# Truncating a mapped file would kill the process (SIGBUS), so smaller files are read; CASIA's have 10 to 20 MB.
_MAPPED_FROM = 1 << 26  # bytes
PART_BYTES = 1 << 26  # of the parts of a large file: about 2 s of work


@dataclass(frozen=True, slots=True)
class Unit(Entry):
    """One `.gnt` file, or a part of a large one."""

    span: Span | None = None  # the part; None: the whole file

    @property
    def writer(self) -> str:
        """The writer in a CASIA file name (`1001` in `1001-f.gnt`), else ""."""
        match = _CASIA_STEM.fullmatch(self.stem)
        return match[1] if match else ""

    @property
    def prefix(self) -> str:
        """Prefix of the keys of its samples."""
        return self.writer or self.stem


class Stock(NamedTuple):
    """The units of a source and its other files."""

    units: list[Unit]  # sorted by name
    not_read: list[NotRead]  # sorted by name


def expand(source: Path | str) -> list[Unit]:
    """The units of `take_stock`."""
    return take_stock(source).units


def take_stock(source: Path | str, room: Room | None = None) -> Stock:
    """Finds all `.gnt` files of `source`. Searches subfolders and archives; extensions match in any case.

    Raises:
        InkError: see `find_entries`; two different files whose samples would have the same keys; or a name that is not
            printable.
    """
    found = find_entries(source, (GNT,), PARAM, room)
    units, twice = _without_doubles([_unit(entry) for entry in found.entries])
    return Stock(units, sorted([*found.passed_over(GNT), *twice]))


def read_unit(unit: Unit) -> Iterator[GntRecord | Defect]:
    """Yields the records and defects of a unit, see `read_gnt`. Large files are memory-mapped.

    A zip member is first unpacked into an unnamed temporary file, so that memory does not grow with its size. The file
    is no larger than the zip declares, and `find_entries` limits that size. If the zip is damaged, the records before
    the damage are kept. An unreadable file is one defect.

    Raises:
        InkError: the disk is full while a zip member is unpacked.
    """
    try:
        with _open(unit) as (buffer, breakage):
            last: GntRecord | Defect | None = None
            for item in read_gnt(buffer, unit.span):
                if last is not None:
                    yield last
                last = item
            assert last is not None  # an empty file has its defect, and a part has a record
            if breakage is None or isinstance(last, GntRecord):
                yield last
            if breakage is not None:
                is_record = isinstance(last, GntRecord)
                yield Defect(last.index + is_record, len(buffer) if is_record else last.offset, breakage)
    except OSError as error:
        yield Defect(0, 0, f"cannot be read: {error.strerror}")


@contextlib.contextmanager
def _open(unit: Unit) -> Iterator[tuple[memoryview, str | None]]:
    """Yields the bytes of a unit and the error that ended their unpacking, or None."""
    with contextlib.ExitStack() as stack:
        start, size, breakage = unit.place.start, unit.place.size, None
        if unit.span is not None:
            size = min(unit.span.read_to, unit.size) - unit.span.start
            start += unit.span.start
        if not unit.packed and is_remote(unit.place.path):
            file = stack.enter_context(local_copy(unit.place.path, start, size))
            start, size = 0, None
        elif not unit.packed:
            file = stack.enter_context(open(unit.place.path, "rb"))
        else:
            file = cast(BinaryIO, stack.enter_context(tempfile.TemporaryFile(buffering=0)))
            start, size, breakage = 0, None, _unpack(unit, file)
        if size is None:
            size = file.seek(0, 2)
        if size <= _MAPPED_FROM:
            file.seek(start)
            yield memoryview(file.read(size)), breakage
            return
        before = start % mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(file.fileno(), before + size, access=mmap.ACCESS_READ, offset=start - before)
        # Not closed here, because arrays may still view it. The last array releases it.
        yield memoryview(mapped)[before:], breakage


def _unpack(unit: Unit, target: BinaryIO) -> str | None:
    try:
        with open_entry(unit) as member:
            while chunk := member.read(CHUNK):
                write_all(target, chunk, unit.name, f"{unit.size} bytes of room", tempfile.gettempdir())
    except ZIP_ERRORS as error:
        return f"broken zip member after {target.tell()} of {unit.size} bytes: {error}"
    return None


def split_unit(unit: Unit, room: Room | None = None) -> list[Unit]:
    """Splits a large unit into parts of about `PART_BYTES` at boundaries of records; keys stay what they are.

    A compressed zip member is first unpacked to `room`. A damaged one stays whole: its reader keeps what it can.
    """
    if unit.size <= PART_BYTES or unit.span is not None:
        return [unit]
    try:
        if unit.packed:
            with open_entry(unit) as member:
                place, _ = (room or Room()).keep(member, unit.name, lambda _: None)
            unit = replace(unit, place=place, number=None)
        with _open(unit) as (buffer, _):
            parts = spans(buffer, PART_BYTES)
    except ZIP_ERRORS:
        return [unit]
    return [replace(unit, span=span) for span in parts]


def _unit(entry: Entry) -> Unit:
    return Unit(entry.name, entry.unpacked, entry.place, entry.size, entry.archive, entry.number, entry.crc)


def _without_doubles(units: list[Unit]) -> tuple[list[Unit], list[NotRead]]:
    """Keeps one unit per prefix, plain files first; returns the units and the duplicate files."""
    first: dict[str, Unit] = {}
    twice = []
    for unit in sorted(units, key=lambda unit: (unit.archive != "", unit.name)):
        if "/" in unit.prefix or not unit.name.isprintable():  # bytes that are not UTF-8 decode to surrogates
            raise InkError(f"{unit.name!r}: expected a printable file name, because keys contain it; rename the file")
        other = first.setdefault(unit.prefix, unit)
        if other is unit:
            continue
        if not same_bytes(other, unit):
            one, two = sorted([other.name, unit.name])
            raise InkError(
                f"{one} and {two}: expected one file per writer, found different files whose keys are "
                f"{unit.prefix}/...; remove one of the two from {PARAM} or rename it"
            )
        twice.append(not_read(unit.name, f"the same as {other.name}", other.name))
    return sorted(first.values(), key=lambda unit: unit.name), twice
