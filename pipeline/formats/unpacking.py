"""Unpacks files to disk, so that memory stays constant.

place, crc = Room(folder).keep(stream, "a.zip:b.zip", bounds.unpack)
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO

from pipeline.errors import InkError
from pipeline.formats.archives import Place
from pipeline.stores import join, upload

CHUNK = 1 << 16  # bytes per step; bytes after the last complete chunk of a damaged archive are lost


class Room:
    """A folder for unpacked files, made at first use.

    Args:
        folder: the folder. The default is a temporary folder, removed with the process.
        store: a folder of a store to which the files move, so that workers without a common disk can read them.
    """

    def __init__(self, folder: Path | None = None, store: str = "") -> None:
        self._named, self._store = folder, store

    def keep(self, stream: IO[bytes], shown: str, count: Callable[[int], None]) -> tuple[Place, int]:
        """Copies a stream to a file.

        Args:
            stream: the stream.
            shown: its name, for messages.
            count: called with the number of bytes of each chunk; it may raise.

        Returns:
            The place of the bytes, and their CRC-32.

        Raises:
            InkError: the disk is full.
        """
        crc = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, path = tempfile.mkstemp(dir=self._folder)
        except OSError as error:
            raise _no_room(shown, "room", self._folder, error) from error
        with open(descriptor, "wb", buffering=0) as file:
            while chunk := stream.read(CHUNK):
                count(len(chunk))
                write_all(file, chunk, shown, "room", self._folder)
                crc = zlib.crc32(chunk, crc)
            size = file.tell()
        return Place(self._moved(Path(path)), 0, size), crc

    def _moved(self, path: Path) -> str:
        if not self._store:
            return str(path)
        target = join(self._store, path.name)
        upload(path, target)
        path.unlink()
        return target

    @property
    def _folder(self) -> Path:
        return self._named or Path(_temporary().name)


def write_all(file: IO[bytes], data: bytes, shown: str, wanted: str, folder: Path | str) -> None:
    """Writes unpacked bytes to an unbuffered file.

    Args:
        file: the file.
        data: the bytes.
        shown: name of the unpacked file, for messages.
        wanted: description of the disk space that it needs, for messages.
        folder: folder of `file`, for messages.

    Raises:
        InkError: the disk is full.
    """
    left = memoryview(data)
    try:
        while left:  # an unbuffered file may write only a part
            left = left[file.write(left) :]
    except OSError as error:
        raise _no_room(shown, wanted, folder, error) from error


def _no_room(shown: str, wanted: str, folder: Path | str, error: OSError) -> InkError:
    temporary = Path(folder).is_relative_to(tempfile.gettempdir())
    advice = "make some, or set TMPDIR to a folder that has it" if temporary else "make some"
    return InkError(f"{shown}: expected {wanted} in {folder} to unpack it, found {error.strerror}; {advice}")


@cache
def _temporary() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="ink2edge-")
