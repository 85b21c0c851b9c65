"""Reads archives: lists and opens the members of a zip, and opens single compressed files (gzip, bzip2).

    with open_place(place) as file, zipfile.ZipFile(file) as archive:
        for member in zip_members(archive): ...     # tars: `pipeline.formats.tars`

Names of zip members without the UTF-8 flag are read as UTF-8 if all such names of the zip are valid UTF-8, else as GBK
(GB18030) if all are valid, else as code page 437, the default of the zip format. A `\\` in a member's name separates
folders, because PowerShell 5 writes it. No file is written under a name from an archive. At most as many bytes of a
member are unpacked as the zip's directory declares.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import IO, BinaryIO, NamedTuple, cast

from pipeline.stores import open_binary

ZIP, TAR = ".zip", ".tar"
# By extension of a compressed file: the extension of its content, and the function that opens it and reads in small
# steps.
_COMPRESSED: dict[str, tuple[str, Callable[[BinaryIO], IO[bytes]]]] = {
    ".gz": ("", lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb"))),
    ".tgz": (TAR, lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb"))),
    ".bz2": ("", lambda file: cast(IO[bytes], bz2.BZ2File(file))),
    ".tbz2": (TAR, lambda file: cast(IO[bytes], bz2.BZ2File(file))),
}
MAX_RATIO = 100  # scans have ratios of 2 to 20, ink 5 to 10; deflate can reach 1,032 and LZMA 7,000
ALWAYS_UNPACKED = 1 << 30  # bytes; a small zip of blank pages may have a high ratio without being an attack
_LOCAL = struct.Struct("<4s22xHH")  # local header of a zip member: signature, lengths of name and extra field
_ENCRYPTED, _UTF8 = 1, 0x800  # flags of a zip member


class Place(NamedTuple):
    """Bytes of a file: the whole file, or the part that an uncompressed archive member occupies."""

    path: str  # absolute, or of an object in a store
    start: int = 0
    size: int | None = None  # None: to the end of the file


class Member(NamedTuple):
    """One file of an archive."""

    name: str  # with "/" between folders
    size: int  # bytes, unpacked
    start: int = 0  # offset of its bytes in a tar
    number: int | None = None  # index in the directory of a zip
    crc: int | None = None  # CRC-32 of its bytes, as a zip declares it
    problem: str = ""  # the reason why it cannot be read; "" if it can


class Window(io.RawIOBase):
    """A file object for a part of another file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def tell(self) -> int:
        """The position, relative to the start of the part."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to a position; raises OSError if it is before the start."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise OSError(f"position {at} is before the start")  # as plain files do
        self._at = at
        return at

    def read(self, size: int | None = -1) -> bytes:
        """Reads at most `size` bytes, and never beyond the end of the part."""
        left = max(0, self._size - self._at)
        self._file.seek(self._start + self._at)
        data = self._file.read(left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data


@contextlib.contextmanager
def open_place(place: Place) -> Iterator[BinaryIO]:
    """Opens the bytes of a place, on disk or in a store, as a seekable file."""
    with open_binary(place.path) as file:
        yield file if place.size is None else cast(BinaryIO, Window(file, place.start, place.size))


def may_unpack_to(size: int) -> int:
    """The number of bytes to which an archive of `size` bytes may unpack, nested archives included."""
    return max(ALWAYS_UNPACKED, MAX_RATIO * size)


def without_compression(name: str) -> str | None:
    """The name of a compressed file's content: `x.tar` for `x.tgz`, `x.gnt` for `x.gnt.gz`; None for other files."""
    ending = PurePosixPath(name).suffix.lower()
    return name[: -len(ending)] + _COMPRESSED[ending][0] if ending in _COMPRESSED else None


def open_compressed(file: BinaryIO, name: str) -> IO[bytes]:
    """Opens the content of a compressed file; its name decides the format. Reading may raise `ZIP_ERRORS`."""
    return _COMPRESSED[PurePosixPath(name).suffix.lower()][1](file)


def zip_members(archive: zipfile.ZipFile) -> list[Member]:
    """The files of a zip, in the order of its directory."""
    infos = archive.infolist()
    names = readable_names([_raw(info) for info in infos])
    members = [
        Member(name.replace("\\", "/"), info.file_size, number=number, crc=info.CRC)
        for number, (name, info) in enumerate(zip(names, infos, strict=True))
    ]
    return [member for member in members if not member.name.endswith("/")]


def stored_at(file: BinaryIO, archive: zipfile.ZipFile, number: int) -> int | None:
    """Offset of a member's bytes in its zip if they are stored without compression; else None.

    Raises:
        ZIP_ERRORS: the zip is damaged, or the member is encrypted.
    """
    info = archive.infolist()[number]
    if info.flag_bits & _ENCRYPTED:
        raise RuntimeError("encrypted")
    if info.compress_type != zipfile.ZIP_STORED:
        return None
    end = file.seek(0, io.SEEK_END)
    file.seek(info.header_offset)
    signature, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    start = int(info.header_offset + _LOCAL.size + name + extra)
    if signature != b"PK\3\4" or info.compress_size != info.file_size or start + info.file_size > end:
        raise zipfile.BadZipFile(f"no stored member at byte {info.header_offset}")
    return start


def readable_names(raw: Sequence[bytes | str]) -> list[str]:
    """Decodes the names that are bytes, as the module docstring describes; returns the others unchanged."""
    unflagged = [name for name in raw if isinstance(name, bytes)]
    for encoding in ("utf-8", "gb18030", "cp437"):
        with contextlib.suppress(UnicodeDecodeError):
            decoded = iter([name.decode(encoding) for name in unflagged])
            break
    return [next(decoded) if isinstance(name, bytes) else name for name in raw]


def _raw(info: zipfile.ZipInfo) -> bytes | str:
    """The bytes of a name without the UTF-8 flag; the text of a name whose encoding is known."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437")
    except UnicodeEncodeError:  # zipfile took the name from the Unicode extra field
        return info.filename
