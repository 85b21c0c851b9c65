"""Finds formulas that a source has twice, e.g. in an archive and unpacked next to it, so that they are read once.

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
    """The key of a formula: the path of its file without the extension, as if all archives were unpacked in place."""
    return entry.unpacked.with_suffix("").as_posix()


def without_doubles(items: Iterable[Item]) -> tuple[list[Item], list[NotRead]]:
    """Keeps one of several equal items: a plain file before a file in an archive, then the first by name.

    Two items are equal if they have the same annotations and bytes and, in addition, either the same key, or the same
    file name in different archives (or inside and outside an archive). Keeps all items with defects.

    Returns:
        The kept items, and the files that are not read.

    Raises:
        InkError: two different items have the same key, or a name is not printable.
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
            if not (same_bytes(double.entry, entry) and double.has_same_annotations(item)):
                raise _collision(double.entry, entry, key)
        if double is None:
            by_key[key] = item
            alike.append(item)
            kept.append(item)
        else:
            twice.append(not_read(entry.name, f"the same as {double.entry.name}", double.entry.name))
    return kept, twice


def _is_double(one: Item, other: Item) -> bool:
    return one.entry.archive != other.entry.archive and one.has_same_annotations(other)


def _contents(entries: list[Entry]) -> list[Content | None]:
    """The content of each file whose name and size also occur in another archive or outside; None for other files."""
    archives: dict[tuple[str, int], set[str]] = defaultdict(set)
    for entry in entries:
        archives[entry.unpacked.name, entry.size].add(entry.archive)
    return [_content(entry) if len(archives[entry.unpacked.name, entry.size]) > 1 else None for entry in entries]


def _content(entry: Entry) -> Content | None:
    crc = checksum(entry)
    return None if crc is None else (entry.unpacked.name, entry.size, crc)


def _key(entry: Entry) -> str:
    if not entry.name.isprintable():  # bytes that are not UTF-8 decode to surrogates
        raise InkError(f"{entry.name!r}: expected a printable file name, because keys contain it; rename the file")
    return key_of(entry)


def _collision(one: Entry, other: Entry, key: str) -> InkError:
    first, second = sorted([one.name, other.name])
    return InkError(
        f"{first} and {second}: expected different keys for different files, found {key} for both; remove one of the "
        f"two from {PARAM} or rename it"
    )
