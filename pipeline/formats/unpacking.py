"""Room on disk for what is unpacked, so that memory stays flat.

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

CHUNK = 1 << 16  # bytes that are unpacked at a time; what follows the last whole chunk of a broken archive is lost


class Room:
    """A folder, made when it is needed; by default a temporary one that lasts as long as this process."""

    def __init__(self, folder: Path | None = None) -> None:
        self._named = folder

    def keep(self, stream: IO[bytes], shown: str, count: Callable[[int], None]) -> tuple[Place, int]:
        """Copies a stream to a file and has its bytes counted. Returns where they are, and their CRC-32.

        Raises:
            InkError: no room; `shown` names the stream.
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
            return Place(path, 0, file.tell()), crc

    @property
    def _folder(self) -> Path:
        return self._named or Path(_temporary().name)


def write_all(file: IO[bytes], data: bytes, shown: str, wanted: str, folder: Path | str) -> None:
    """Writes bytes that were unpacked to an unbuffered file.

    Raises:
        InkError: no room for them. It names what is unpacked, how much room is `wanted` and the folder.
    """
    left = memoryview(data)
    try:
        while left:  # what is not buffered may be written in parts
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
