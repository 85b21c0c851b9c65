"""From a data source (folder, file, zip, folder of zips) to units of work: one `.gnt` file each, plain or inside a zip.

    for unit in expand("data/raw/casia"):
        for item in read_unit(unit): ...    # GntRecord or Defect, see `pipeline.formats.gnt`

What counts as a file of the source is `pipeline.formats.archives`' business.
"""

from __future__ import annotations

import contextlib
import mmap
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import InkError
from pipeline.formats.archives import ZIP_ERRORS, Entry, find_entries, open_member
from pipeline.formats.gnt import Defect, GntRecord, read_gnt

GNT = ".gnt"
_CASIA_STEM = re.compile(r"([A-Z]?\d{3,4})-[a-z]", re.IGNORECASE)  # 1001-f, C001-f, 001-f: writer, kind of sample
# A file that is cut short while it is mapped would end the process (SIGBUS); those of CASIA have 10 to 20 MB.
_MAPPED_FROM = 1 << 26  # bytes
_CHUNK = 1 << 16  # bytes; what follows the last whole chunk of a broken zip member is lost


@dataclass(frozen=True, slots=True)
class Unit(Entry):
    """One `.gnt` file."""

    @property
    def writer(self) -> str:
        """The writer that a CASIA file name holds (`1001` of `1001-f.gnt`), else ""."""
        match = _CASIA_STEM.fullmatch(self.stem)
        return match[1] if match else ""

    @property
    def prefix(self) -> str:
        """What the keys of its samples start with."""
        return self.writer or self.stem


def expand(source: Path | str) -> list[Unit]:
    """All `.gnt` files of `source`, sorted by name. Subfolders are searched, endings are matched in any case.

    Raises:
        InkError: nothing there, a file that cannot be read, a broken zip, or two files whose samples would share keys.
    """
    units = [
        Unit(entry.name, entry.path, entry.member, entry.size)
        for entry in find_entries(source, (GNT,), "decode.source")
    ]
    _check_prefixes(units)
    return units


def read_unit(unit: Unit) -> Iterator[GntRecord | Defect]:
    """Yields what stands in the file of a unit, see `read_gnt`; large files are memory-mapped.

    A zip member streams into an unnamed temporary file first: memory does not grow with it, and the file not beyond the
    size that the zip declares, which `find_entries` bounds. Where the zip breaks off,
    the records before that are there. A file that cannot be read (any more) is one defect.

    Raises:
        InkError: no room to unpack a zip member.
    """
    try:
        with _open(unit) as (buffer, breakage):
            last: GntRecord | Defect | None = None
            for item in read_gnt(buffer):
                if last is not None:
                    yield last
                last = item
            assert last is not None  # an empty file has its defect
            if breakage is None or isinstance(last, GntRecord):
                yield last
            if breakage is not None:
                is_record = isinstance(last, GntRecord)
                yield Defect(last.index + is_record, len(buffer) if is_record else last.offset, breakage)
    except OSError as error:
        yield Defect(0, 0, f"cannot be read: {error.strerror}")


@contextlib.contextmanager
def _open(unit: Unit) -> Iterator[tuple[memoryview, str | None]]:
    """Yields the bytes of a unit and what broke while they were unpacked, if anything did."""
    with contextlib.ExitStack() as stack:
        if unit.member is None:
            file: BinaryIO = stack.enter_context(open(unit.path, "rb"))
            breakage = None
        else:
            file = stack.enter_context(tempfile.TemporaryFile(buffering=0))
            breakage = _unpack(unit, file)
        if file.seek(0, 2) <= _MAPPED_FROM:
            file.seek(0)
            yield memoryview(file.read()), breakage
            return
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        # Not closed here: arrays may still view it. It goes with the last of them.
        yield memoryview(mapped), breakage


def _unpack(unit: Unit, target: BinaryIO) -> str | None:
    assert unit.member is not None
    try:
        with zipfile.ZipFile(unit.path) as archive, open_member(archive, unit.member) as member:
            while chunk := member.read(_CHUNK):
                _keep(chunk, target, unit)
    except (KeyError, *ZIP_ERRORS) as error:
        return f"broken zip member after {target.tell()} of {unit.size} bytes: {error}"
    return None


def _keep(chunk: bytes, target: BinaryIO, unit: Unit) -> None:
    left = memoryview(chunk)
    try:
        while left:  # what is not buffered may be written in parts
            left = left[target.write(left) :]
    except OSError as error:
        folder = tempfile.gettempdir()
        raise InkError(
            f"{unit.name}: expected {unit.size} bytes of room in {folder} to unpack it, found {error.strerror}; make "
            "some, or set TMPDIR to a folder that has it"
        ) from error


def _check_prefixes(units: list[Unit]) -> None:
    seen: dict[str, Unit] = {}
    for unit in units:
        other = seen.setdefault(unit.prefix, unit)
        if other is not unit:
            raise InkError(
                f"{other.name} and {unit.name}: both would give samples with keys {unit.prefix}/...; expected one file "
                "a writer, take one of the two out of decode.source or rename it"
            )
        if "/" in unit.prefix or not unit.name.isprintable():  # bytes that are not UTF-8 decode to surrogates
            raise InkError(f"{unit.name!r}: expected a printable file name, since keys are made of it; rename the file")
