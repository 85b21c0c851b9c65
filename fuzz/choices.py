"""Turns raw bytes into choices for making structured files: the fuzzer mutates the choices instead of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Reads choices from the start of `data`; after its end, every choice is the first option."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes, or fewer at the end of the data."""
        piece = self._data[self._at : self._at + count]
        self._at += count
        return piece

    def integer(self, count: int) -> int:
        """The unsigned little-endian number in the next `count` bytes."""
        return int.from_bytes(self.bytes(count), "little")

    def pick(self, options: Sequence[T]) -> T:
        """Chooses one of at most 256 options."""
        return options[self.integer(1) % len(options)]
