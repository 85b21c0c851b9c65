"""Formulas that a source has twice: in an archive and unpacked beside it, or in two archives. They are read once.

kept, not_read = without_doubles(items)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pipeline.errors import InkError
from pipeline.formats.entries import Entry, checksum, same_bytes
from pipeline.formats.not_read import NotRead, not_read
from pipeline.formats.picture_sets import PARAM, Item

Content = tuple[str, int, int]
"""File name, size and CRC-32."""


def key_of(entry: Entry) -> str:
    """The key of a formula: the path of its file without the ending, as if each archive were unpacked in its folder."""
    return entry.unpacked.with_suffix("").as_posix()


def without_doubles(items: Iterable[Item]) -> tuple[list[Item], list[NotRead]]:
    """One item of those with the same content, a plain file rather than one in an archive, then the first by name.

    Two items are the same if their annotations and bytes are, and so is their key, or their file name while one of them
    lies in an archive and the other does not, or in another one. Items with defects are all kept.

    Raises:
        InkError: two different items with one key; a name that keys cannot hold.
    """
    ordered = sorted(items, key=lambda item: (item.entry.archive != "", item.entry.name))
    sound = [item for item in ordered if item.image is None or not item.image.defect]
    kept = [item for item in ordered if item.image is not None and item.image.defect]
    twice: list[NotRead] = []
    by_key: dict[str, Item] = {}
    by_content: dict[Content, list[Item]] = defaultdict(list)
    for item, content in zip(sound, _contents([item.entry for item in sound]), strict=True):
        entry, key = item.entry, _key(item.entry)
        alike = by_content[content] if content is not None else []
        double = next((other for other in alike if _is_double(item, other)), None)
        if double is None and key in by_key:
            double = by_key[key]
            if not (same_bytes(double.entry, entry) and double.says_the_same(item)):
                raise _collision(double.entry, entry, key)
        if double is None:
            by_key[key] = item
            alike.append(item)
            kept.append(item)
        else:
            twice.append(not_read(entry.name, f"the same as {double.entry.name}", double.entry.name))
    return kept, twice


def _is_double(one: Item, other: Item) -> bool:
    return one.entry.archive != other.entry.archive and one.says_the_same(other)


def _contents(entries: list[Entry]) -> list[Content | None]:
    """Of files whose name and size occur in several archives, or in one and outside; None of others."""
    archives: dict[tuple[str, int], set[str]] = defaultdict(set)
    for entry in entries:
        archives[entry.unpacked.name, entry.size].add(entry.archive)
    return [_content(entry) if len(archives[entry.unpacked.name, entry.size]) > 1 else None for entry in entries]


def _content(entry: Entry) -> Content | None:
    crc = checksum(entry)
    return None if crc is None else (entry.unpacked.name, entry.size, crc)


def _key(entry: Entry) -> str:
    if not entry.name.isprintable():  # bytes that are not UTF-8 decode to surrogates
        raise InkError(f"{entry.name!r}: expected a printable file name, since keys are made of it; rename the file")
    return key_of(entry)


def _collision(one: Entry, other: Entry, key: str) -> InkError:
    first, second = sorted([one.name, other.name])
    return InkError(
        f"{first} and {second}: both would give a sample with the key {key}; they differ, so take one of the two "
        f"out of {PARAM} or rename it"
    )
