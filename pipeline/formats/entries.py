"""Reads the files of a data source, plain or in archives. `pipeline.formats.search` finds them.

for entry, data in zip(entries, read_entries(entries, limit=1 << 20)): ...
"""

from __future__ import annotations

import contextlib
import itertools
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.formats.archives import Place, open_place
from pipeline.formats.zip_member import ZIP_ERRORS, open_member
from pipeline.stores import is_remote

_CHUNK = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, plain or in an archive."""

    name: str  # for reports: relative to the source, `archive.zip:member.gnt` in an archive
    unpacked: PurePosixPath  # its path if each archive were unpacked into the folder that contains it
    place: Place  # of its bytes, or of the zip that contains it
    size: int  # bytes, unpacked
    archive: str = ""  # name of the archive that contains it
    number: int | None = None  # index in the directory of the zip at `place`
    crc: int | None = None  # CRC-32 of its bytes, if known

    @property
    def stem(self) -> str:
        """The file's name without folder and extension."""
        return self.unpacked.stem

    @property
    def packed(self) -> bool:
        """Whether the file is a zip member, whose bytes must be unpacked."""
        return self.number is not None


def read_entries(entries: Iterable[Entry], limit: int) -> Iterator[bytes | Exception]:
    """Yields the bytes of each entry, at most `limit` + 1 of them; yields the exception for an unreadable entry.

    A zip stays open for successive members.
    """
    for place, group in itertools.groupby(entries, lambda entry: None if entry.number is None else entry.place):
        with contextlib.ExitStack() as stack:
            try:
                archive = stack.enter_context(_open_zip(place)) if place is not None else None
            except ZIP_ERRORS as error:
                yield from itertools.repeat(error, sum(1 for _ in group))
                continue
            for entry in group:
                yield _read(entry, archive, limit)


@contextlib.contextmanager
def open_entry(entry: Entry) -> Iterator[IO[bytes]]:
    """Opens one entry; reading unpacks its bytes. Opening and reading may raise `ZIP_ERRORS`."""
    with contextlib.ExitStack() as stack:
        if entry.number is not None:
            archive = stack.enter_context(_open_zip(entry.place))
            yield stack.enter_context(open_member(archive, entry.number))
        else:
            yield stack.enter_context(open_place(entry.place))


def same_bytes(one: Entry, other: Entry) -> bool:
    """Whether two entries have the same bytes, by size and CRC-32. An unreadable entry equals no other entry."""
    if one.place == other.place and one.number == other.number:
        return True
    sums = [checksum(entry) for entry in (one, other) if one.size == other.size]
    return len(sums) == 2 and None not in sums and sums[0] == sums[1]


def checksum(entry: Entry) -> int | None:
    """The CRC-32 of an entry's bytes; None if they cannot be read or are fewer than its size."""
    if entry.crc is not None:
        return entry.crc
    if not _is_file(entry.place):
        return None
    try:
        with open_entry(entry) as file:
            crc, left = 0, entry.size
            while chunk := file.read(min(_CHUNK, left)):
                crc, left = zlib.crc32(chunk, crc), left - len(chunk)
    except ZIP_ERRORS:
        return None
    return None if left else crc


@contextlib.contextmanager
def _open_zip(place: Place) -> Iterator[zipfile.ZipFile]:
    with open_place(place) as file, zipfile.ZipFile(file) as archive:
        yield archive


def _is_file(place: Place) -> bool:
    """Whether a place can be opened; opening a pipe would wait for its other end."""
    return is_remote(place.path) or Path(place.path).is_file()


def _read(entry: Entry, archive: zipfile.ZipFile | None, limit: int) -> bytes | Exception:
    if not _is_file(entry.place):
        return FileNotFoundError("no such file")
    try:
        with open_entry(entry) if archive is None else open_member(archive, entry.number or 0) as file:
            return file.read(limit + 1)
    except ZIP_ERRORS as error:
        return error
