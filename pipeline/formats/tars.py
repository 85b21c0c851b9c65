"""Lists the files of a tar with their sizes and offsets, in one pass over its headers.

    for member in tar_members(file): ...

`tarfile` parses single headers only. When it reads a whole tar, it takes a damaged header for the end, goes back at a
negative size, and reads long names of any declared length.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from pipeline.formats.archives import Member, readable_names

_BLOCK = 512  # bytes of one tar block
_LONGEST = 1 << 20  # most bytes of a long name or an attribute list
_OF_THE_NEXT = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_DIGITS = 19  # of the largest size


def tar_members(file: BinaryIO) -> Iterator[Member]:
    """Yields the files of a tar, in their order. Links and devices have a `problem`; a hard link yields its target.

    Raises:
        tarfile.TarError: the tar is damaged or truncated, or contains a sparse file.
    """
    end = file.seek(0, io.SEEK_END)
    at, attributes = 0, _Attributes()
    seen: dict[str, Member] = {}
    while header := _header(file, at):
        start, size = at + _BLOCK, header.size
        if header.type in _OF_THE_NEXT:
            if size > _LONGEST:
                raise tarfile.ReadError(f"the header at byte {at} declares {size} bytes, expected at most {_LONGEST}")
            file.seek(start)
            attributes.add(header.type, file.read(size))
        elif header.type != tarfile.XGLTYPE:
            size = _content(header, attributes)
            member = _member(header, attributes, start, size, seen)
            attributes = _Attributes()
            if not header.isdir() and not member.name.endswith("/"):
                seen[member.name] = member
                yield member
        if size < 0 or start + size > end:
            raise tarfile.ReadError(f"the header at byte {at} declares {size} bytes, {end - start} are left")
        at = start + -(-size // _BLOCK) * _BLOCK


class _Attributes:
    """Attributes that extended headers set for the next file."""

    def __init__(self) -> None:
        self.name = self.link = b""
        self.size: int | None = None

    def add(self, kind: bytes, content: bytes) -> None:
        """Adds the content of one extended header; raises tarfile.ReadError if it is malformed."""
        if kind == tarfile.GNUTYPE_LONGNAME:
            self.name = content.rstrip(b"\0")
        elif kind == tarfile.GNUTYPE_LONGLINK:
            self.link = content.rstrip(b"\0")
        else:
            for key, value in _records(content):
                if key.startswith(b"GNU.sparse."):
                    raise _sparse()
                self.name = value if key == b"path" else self.name
                self.link = value if key == b"linkpath" else self.link
                self.size = _number(value) if key == b"size" else self.size


def _header(file: BinaryIO, at: int) -> tarfile.TarInfo | None:
    """The header at an offset; None at the end of the tar."""
    file.seek(at)
    block = file.read(_BLOCK)
    if at and not block.strip(b"\0"):  # some tars end without the two blocks of zeros
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        if len(block) == _BLOCK and not block.strip(b"\0"):  # a tar without files
            return None
        raise tarfile.ReadError(f"no header at byte {at} ({error})") from error


def _content(header: tarfile.TarInfo, attributes: _Attributes) -> int:
    """Number of content bytes after a header."""
    if header.type == tarfile.GNUTYPE_SPARSE:
        raise _sparse()
    if not header.isreg() and header.type in tarfile.SUPPORTED_TYPES:
        return 0
    return header.size if attributes.size is None else attributes.size


def _member(header: tarfile.TarInfo, attributes: _Attributes, start: int, size: int, seen: dict[str, Member]) -> Member:
    name = _text(attributes.name, header.name).removeprefix("./")
    if header.islnk() and (target := seen.get(_text(attributes.link, header.linkname).removeprefix("./"))):
        return target._replace(name=name)
    return Member(name, size, start, problem="" if header.isreg() else "a link or a device; pack the file itself")


def _text(own: bytes, short: str) -> str:
    (text,) = readable_names([own or short.encode("utf-8", "surrogateescape")])
    return text


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the keys and values of an attribute list; each record is `<length> <key>=<value>` and a line end."""
    at = 0
    while at < len(content) and content[at]:
        length = _number(content[at : at + _DIGITS + 1].partition(b" ")[0])
        record = content[at : at + length]
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if not equals or not record.endswith(b"\n"):
            raise tarfile.ReadError("a malformed list of attributes")
        yield key, value[:-1]
        at += length


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _DIGITS:
        raise tarfile.ReadError(f"expected a number, found {digits[:_DIGITS]!r}")
    return int(digits)


def _sparse() -> tarfile.ReadError:
    return tarfile.ReadError("a sparse file; pack it again without --sparse")
