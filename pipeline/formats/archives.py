"""The files of a data source: a folder, a file, a zip, a folder with zips in it.

    for entry in find_entries("data/raw/casia", (".gnt",), "decode.source"):
        print(entry.name, entry.size)

Names that start with a dot (`._1001-f.gnt`, which macOS puts into archives) are no data and left out. Nothing is
unpacked under a name that an archive gives. Of a zip's member no more is unpacked than its directory declares, and of a
whole zip no more than `MAX_RATIO` times its size, or `ALWAYS_UNPACKED`.
"""

from __future__ import annotations

import contextlib
import itertools
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.errors import InkError

ZIP = ".zip"
# What zipfile raises for damaged zips, names that are no UTF-8, places outside the file, passwords, and LZMA whose
# dictionary is larger than memory.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
    OSError,
)
# Python unpacks 4 KiB of a member in one step. Deflate gives no more of it than is asked for, LZMA up to 28 MiB; bzip2
# can give gigabytes.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)
MAX_RATIO = 100  # scans pack 2 to 20 times, ink 5 to 10; deflate can reach 1,032, LZMA 7,000
ALWAYS_UNPACKED = 1 << 30  # bytes; a small zip of blank paper is no attack


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, plain or inside a zip."""

    name: str  # as reports show it: relative to the source, `archive.zip:member.gnt` inside a zip
    path: str  # absolute, of the file or the zip
    member: str | None  # inside the zip
    size: int  # bytes

    @property
    def stem(self) -> str:
        """The file's name without folder and ending."""
        return PurePosixPath(self.member if self.member is not None else Path(self.path).name).stem

    def sibling(self, name: str) -> Entry:
        """A file by its path relative to this one's folder; it need not be there, and its size is not known."""
        own = PurePosixPath(self.member if self.member is not None else self.path)
        shown = self.name[: len(self.name) - len(own.name)] + name
        if self.member is None:
            return Entry(shown, str(Path(self.path).parent / name), None, 0)
        return Entry(shown, self.path, (own.parent / name).as_posix(), 0)

    @property
    def unpacked(self) -> PurePosixPath:
        """The name that the file would have if each zip were unpacked into its folder."""
        if self.member is None:
            return PurePosixPath(self.name)
        return PurePosixPath(self.name.removesuffix(f":{self.member}")).parent / self.member.lstrip("/")


def find_entries(source: Path | str, endings: tuple[str, ...], param: str) -> list[Entry]:
    """All files of `source` that have one of the endings, sorted by name. Subfolders and zips are searched.

    Args:
        source: folder, file or zip.
        endings: in lower case; they match in any case.
        param: which names the source, for messages.

    Raises:
        InkError: nothing there, a file that cannot be read, or a broken zip.
    """
    kinds, root = " or ".join(endings), Path(source).absolute()
    if not root.exists():
        raise InkError(
            f"{source}: expected a folder, a {kinds} file or a .zip of them, found nothing there; mend {param} or "
            "make it first (`dvc repro`, `dvc pull`)"
        )
    files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if not _is_hidden(path, root))
    base = root.parent if root.is_file() else root
    entries: list[Entry] = []
    for path in files:
        name = path.relative_to(base).as_posix()
        if path.name.lower().endswith(endings):
            entries.append(_file_entry(path, name, param))
        elif path.suffix.lower() == ZIP:
            entries.extend(_zip_entries(path, name, endings, param))
    if not entries:
        raise InkError(f"{source}: expected {kinds} files or zips of them, found none among {len(files)} files")
    return sorted(entries, key=lambda entry: entry.name)


def read_entries(entries: Iterable[Entry], limit: int) -> Iterator[bytes | Exception]:
    """Yields the bytes of each entry, at most `limit` + 1 of them; where it cannot be read, the exception.

    A zip stays open from one of its members to the next.
    """
    for path, group in itertools.groupby(entries, lambda entry: None if entry.member is None else entry.path):
        with contextlib.ExitStack() as stack:
            try:
                archive = stack.enter_context(zipfile.ZipFile(path)) if path is not None else None
            except ZIP_ERRORS as error:
                yield from itertools.repeat(error, sum(1 for _ in group))
                continue
            for entry in group:
                yield _read(entry, archive, limit)


def open_member(archive: zipfile.ZipFile, member: str) -> IO[bytes]:
    """The bytes of a member, as it is unpacked: never more of them than the directory declares.

    Raises:
        KeyError: no such member.
        ZIP_ERRORS: it cannot be unpacked; reading on may raise them too.
    """
    info = archive.getinfo(member)
    if info.compress_type not in METHODS:
        raise NotImplementedError(
            f"compression method {info.compress_type}, expected stored, deflated or LZMA; zip it again"
        )
    return archive.open(info)


def _read(entry: Entry, archive: zipfile.ZipFile | None, limit: int) -> bytes | Exception:
    if archive is None and not Path(entry.path).is_file():  # opening a pipe would wait for its other end
        return FileNotFoundError("no such file")
    try:
        with open(entry.path, "rb") if archive is None else open_member(archive, entry.member or "") as file:
            return file.read(limit + 1)
    except KeyError:
        return FileNotFoundError("no such file")
    except ZIP_ERRORS as error:
        return error


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _file_entry(path: Path, name: str, param: str) -> Entry:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InkError(f"{path}: expected a plain file, found something else; take it out of {param}")
        with open(path, "rb") as file:
            return Entry(name, str(path), None, file.seek(0, 2))
    except OSError as error:
        raise InkError(f"{path}: cannot be read ({error.strerror}); mend it or take it out of {param}") from error


def _zip_entries(path: Path, name: str, endings: tuple[str, ...], param: str) -> list[Entry]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.filename.endswith("/")]
        _check_unpacked(path, members, param)
    except OSError as error:
        raise InkError(f"{path}: cannot be read ({error.strerror}); mend it or take it out of {param}") from error
    except ZIP_ERRORS as error:
        raise InkError(f"{path}: broken zip ({error}); fetch it again or take it out of {param}") from error
    return [
        Entry(f"{name}:{info.filename}", str(path), info.filename, info.file_size)
        for info in members
        if info.filename.lower().endswith(endings)
        and not any(part.startswith(".") for part in PurePosixPath(info.filename).parts)
    ]


def _check_unpacked(path: Path, members: Iterable[zipfile.ZipInfo], param: str) -> None:
    declared = sum(info.file_size for info in members)
    allowed = max(ALWAYS_UNPACKED, MAX_RATIO * path.stat().st_size)
    if declared > allowed:
        raise InkError(
            f"{path}: expected a zip that unpacks to at most {allowed} bytes ({MAX_RATIO} times its size), found "
            f"{declared}; unpack it yourself if you trust it, or take it out of {param}"
        )
