"""Finds the files of a data source: a folder, file or archive, with nested folders, links to folders and archives.

    found = find_entries("data/raw/casia", (".gnt",), "decode.source")
    for entry in found.entries:
        print(entry.name, entry.size)
    print(found.passed_over(".gnt"))    # files that look like data and are not read

The search opens `.zip`, `.tar`, `.tar.gz`, `.tgz`, `.tar.bz2`, `.tbz2` and single files in `.gz` or `.bz2`, nested up
to `MAX_DEPTH`. It leaves out names that start with a dot (`._1001-f.gnt`, which macOS puts into archives).
`archives.may_unpack_to` limits the bytes that one file of the source unpacks to, with all its nested archives. A file
that is compressed as a whole (`.gz`, a zip in a zip) is first unpacked into a temporary file, so memory stays constant.
"""

from __future__ import annotations

import contextlib
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipeline.errors import InkError
from pipeline.formats import archives
from pipeline.formats.archives import TAR, ZIP, Member, Place, open_place
from pipeline.formats.entries import Entry
from pipeline.formats.not_read import NotRead, not_read, seen, why_not_read
from pipeline.formats.tars import tar_members
from pipeline.formats.tree import walk
from pipeline.formats.unpacking import Room
from pipeline.formats.zip_member import ZIP_ERRORS, open_member
from pipeline.inputs import check_there
from pipeline.stores import is_remote, visible_blobs

MAX_DEPTH = 4  # of nested archives
MAX_FILES = 1 << 20  # in the archives of one file of the source


@dataclass(frozen=True)
class Found:
    """The files of a source."""

    entries: list[Entry] = field(default_factory=list)  # with the wanted extensions, sorted by name
    others: list[Entry] = field(default_factory=list)  # with other extensions, sorted by name
    hidden: list[Entry] = field(default_factory=list)  # with names that start with a dot, in archives
    not_read: list[NotRead] = field(default_factory=list)  # files that cannot be opened, and skipped folders
    opened: list[str] = field(default_factory=list)  # names of opened archives

    def passed_over(self, kinds: str, but: Iterable[Entry] = ()) -> list[NotRead]:
        """All files that look like data and are not read, sorted by name; `but` lists other files that are read."""
        read = {entry.name for entry in but}
        reasons = [(entry.name, why_not_read(entry.unpacked.name, kinds)) for entry in self.others]
        others = [not_read(name, reason) for name, reason in reasons if reason and name not in read]
        return sorted([*self.not_read, *others])

    @property
    def seen(self) -> str:
        """The files found instead of data, for messages: "" or `: 1 .rar (more.rar)`."""
        names = [*(entry.name for entry in self.others), *(file.file for file in self.not_read), *self.opened]
        return f": {seen(sorted(names))}" if names else ""


def find_entries(
    source: Path | str, endings: tuple[str, ...], param: str, room: Room | None = None, kinds: str = ""
) -> Found:
    """Finds all files of `source`, sorted by name. Searches subfolders, links to folders and archives.

    Args:
        source: folder, file or archive, on disk or in a store (`s3://…`).
        endings: wanted extensions, in lower case; file names match in any case.
        param: name of the param that holds the source, for messages.
        room: disk space for archives that must be unpacked for the search; entries refer to its files. The default is
            `Room()`.
        kinds: description of the extensions, for messages.

    Raises:
        InkError: no source, no wanted file, an unreadable file, a damaged archive, an archive that unpacks to too many
            bytes, or a full disk.
    """
    kinds = kinds or " or ".join(endings)
    check_there(source, kinds, param)
    search = _Search(endings, param, room or Room())
    files = search.add_store(str(source)) if is_remote(source) else search.add_folder(Path(source).absolute())
    found = search.found
    if not found.entries:
        raise InkError(
            f"{source}: expected {kinds} files or zips of them, found none among {files} files{found.seen}; "
            f"zip, tar, gz and bz2 are opened, set {param} to the place of the data"
        )
    for entries in (found.entries, found.others):
        entries.sort(key=lambda entry: entry.name)
    return found


class _Bounds:
    """The limits for one file of the source, nested archives included."""

    def __init__(self, path: Path | str, top: str, size: int, param: str) -> None:
        self.depth = 0  # number of open archives
        self._path, self._top, self._param = path, top, param
        self._allowed, self._unpacked, self._files = archives.may_unpack_to(size), 0, 0

    def shown(self, name: str) -> str:
        """A name for messages: with the path of the file on disk."""
        return f"{self._path}{name.removeprefix(self._top)}"

    def unpack(self, count: int) -> None:
        """Counts unpacked bytes; raises InkError above the limit."""
        self._unpacked += count
        if self._unpacked > self._allowed:
            kind = "a zip" if self._top.lower().endswith(ZIP) else "an archive"
            raise InkError(
                f"{self._path}: expected {kind} that unpacks to at most {self._allowed} bytes ({archives.MAX_RATIO} "
                f"times its size), found {self._unpacked}; unpack it yourself if you trust it, or remove it from "
                f"{self._param}"
            )

    def add_file(self) -> None:
        """Counts one file in an archive; raises InkError above the limit."""
        self._files += 1
        if self._files > MAX_FILES:
            raise InkError(
                f"{self._path}: expected at most {MAX_FILES} files in one archive, found more; divide it or unpack it"
            )


class _Opened:
    """An open zip, during the search of its members."""

    def __init__(self, file: BinaryIO, archive: zipfile.ZipFile) -> None:
        self.file, self.archive = file, archive


class _Search:
    """Searches files and archives, see `find_entries`."""

    def __init__(self, endings: tuple[str, ...], param: str, room: Room) -> None:
        self.found = Found()
        self._endings, self._param, self._room = endings, param, room

    def add_store(self, source: str) -> int:
        """Adds all files below a folder of a store; returns their number."""
        blobs = visible_blobs(source)
        for name, blob in blobs.items():
            entry = Entry(name, PurePosixPath(name), Place(blob.path, 0, blob.size), blob.size)
            self._add(entry, _Bounds(blob.path, name, blob.size, self._param))
        return len(blobs)

    def add_folder(self, root: Path) -> int:
        """Adds a file, or all files below a folder, on disk; returns their number."""
        tree, base = walk(root), root.parent if root.is_file() else root
        for path in tree.files:
            self.add_file(path, path.relative_to(base).as_posix())
        for folder, reason, first in tree.skipped:
            same_as = "" if first is None else first.relative_to(base).as_posix()
            reason = reason or f"the same as {same_as}"
            self.found.not_read.append(not_read(folder.relative_to(base).as_posix(), reason, same_as))
        return len(tree.files)

    def add_file(self, path: Path, name: str) -> None:
        """Adds one file on disk."""
        if not self._is_wanted(name) and not _is_archive(name):
            size = 0
            with contextlib.suppress(OSError):  # raised for a broken link
                size = path.stat().st_size
            self.found.others.append(_plain(path, name, size))
            return
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise InkError(f"{path}: expected a plain file, found something else; remove it from {self._param}")
            with open(path, "rb"):
                self._add(_plain(path, name, status.st_size), _Bounds(path, name, status.st_size, self._param))
        except OSError as error:
            raise self._unreadable(str(path), error) from error

    def _add(self, entry: Entry, bounds: _Bounds, inside: _Opened | None = None) -> None:
        """Adds one file or, for an archive, the files in it."""
        name = archives.without_compression(entry.unpacked.name)
        if _is_archive(entry.name):
            if bounds.depth == MAX_DEPTH:
                reason = f"more than {MAX_DEPTH} nested archives; unpack them"
                self.found.not_read.append(not_read(entry.name, reason))
                return
            with self._complaints(bounds.shown(entry.name), "zip" if entry.name.lower().endswith(ZIP) else "archive"):
                self._add_members(entry, bounds, inside)
        elif not self._is_wanted(entry.name):
            self.found.others.append(entry)
        elif name is None:
            self.found.entries.append(entry)
        else:
            with self._complaints(bounds.shown(entry.name), "compressed file"):
                place, crc = self._uncompressed(entry, bounds, inside)
            unpacked, size = entry.unpacked.with_name(name), place.size or 0
            self.found.entries.append(Entry(entry.name, unpacked, place, size, entry.name, None, crc))

    def _add_members(self, entry: Entry, bounds: _Bounds, inside: _Opened | None) -> None:
        kind = archives.without_compression(entry.name)
        place = self._place(entry, bounds, inside) if kind is None else self._uncompressed(entry, bounds, inside)[0]
        self.found.opened.append(entry.name)
        bounds.depth += 1
        with open_place(place) as file:
            if (kind or entry.name).lower().endswith(TAR):
                for member in tar_members(file):
                    part = Place(place.path, place.start + member.start, member.size)
                    self._add_member(member, entry, part, bounds)
            else:
                with zipfile.ZipFile(file) as archive:
                    members = archives.zip_members(archive)
                    bounds.unpack(sum(member.size for member in members))
                    for member in members:
                        self._add_member(member, entry, place, bounds, _Opened(file, archive))
        bounds.depth -= 1

    def _add_member(
        self, member: Member, parent: Entry, place: Place, bounds: _Bounds, inside: _Opened | None = None
    ) -> None:
        bounds.add_file()
        name, parts = f"{parent.name}:{member.name}", PurePosixPath(member.name).parts
        unpacked = parent.unpacked.parent / member.name.lstrip("/")
        entry = Entry(name, unpacked, place, member.size, parent.name, member.number, member.crc)
        if ".." in parts:
            self.found.not_read.append(not_read(name, "its path points outside the archive; pack it again"))
        elif any(part.startswith(".") for part in parts):
            self.found.hidden.append(entry)
        elif member.problem:
            self.found.not_read.append(not_read(name, member.problem))
        else:
            self._add(entry, bounds, inside)

    def _place(self, entry: Entry, bounds: _Bounds, inside: _Opened | None) -> Place:
        """The place of an entry's uncompressed bytes; unpacks a compressed zip member for that."""
        if inside is None or entry.number is None:
            return entry.place
        start = archives.stored_at(inside.file, inside.archive, entry.number)
        if start is not None:
            return Place(entry.place.path, entry.place.start + start, entry.size)
        with open_member(inside.archive, entry.number) as stream:
            place, _ = self._room.keep(stream, bounds.shown(entry.name), _counted_already)
            return place

    def _uncompressed(self, entry: Entry, bounds: _Bounds, inside: _Opened | None) -> tuple[Place, int]:
        """Unpacks a compressed file; returns the place of its content and the CRC-32."""
        with (
            open_place(self._place(entry, bounds, inside)) as file,
            archives.open_compressed(file, entry.name) as stream,
        ):
            return self._room.keep(stream, bounds.shown(entry.name), bounds.unpack)

    def _is_wanted(self, name: str) -> bool:
        inner = archives.without_compression(PurePosixPath(name).name)
        return (inner or name).lower().endswith(self._endings)

    @contextlib.contextmanager
    def _complaints(self, shown: str, kind: str) -> Iterator[None]:
        """Turns read errors into an `InkError`."""
        try:
            yield
        except (*ZIP_ERRORS, tarfile.TarError) as error:
            if isinstance(error, OSError) and error.strerror:
                raise self._unreadable(shown, error) from error
            raise InkError(
                f"{shown}: broken {kind} ({error}); fetch it again or remove it from {self._param}"
            ) from error

    def _unreadable(self, shown: str, error: OSError) -> InkError:
        return InkError(f"{shown}: cannot be read ({error.strerror}); correct it or remove it from {self._param}")


def _counted_already(_: int) -> None:
    """Counts nothing: the sizes in the zip's directory are counted already."""


def _plain(path: Path, name: str, size: int) -> Entry:
    return Entry(name, PurePosixPath(name), Place(str(path)), size)


def _is_archive(name: str) -> bool:
    inner = archives.without_compression(PurePosixPath(name).name)
    return (inner or name).lower().endswith((ZIP, TAR))
