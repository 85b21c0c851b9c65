"""The pictures of a data source that COCO files have boxes for.

    items, not_read = find_pictures(find_entries("data/raw/formulas", (".inkml", ".json"), "math.decode.source"))

A COCO file has any name that ends in `.json`. One that is called `annotations.json` must be sound, and goes before
others that have boxes for the same pictures.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipeline.errors import InkError
from pipeline.formats.archives import Place
from pipeline.formats.coco import MAX_BYTES, CocoImage, read_coco
from pipeline.formats.entries import Entry, read_entries
from pipeline.formats.not_read import NotRead, not_read
from pipeline.formats.search import Found

ANNOTATIONS = "annotations.json"
JSON = ".json"
PARAM = "math.decode.source"


class Item(NamedTuple):
    """One file to read: InkML, or a picture with what its COCO file says."""

    entry: Entry
    image: CocoImage | None = None
    coco: str = ""  # the name of the COCO file

    def says_the_same(self, other: Item) -> bool:
        """Whether both have the same annotations, or none."""
        if self.image is None or other.image is None:
            return self.image is other.image
        return self.image._replace(file_name="", size=None) == other.image._replace(file_name="", size=None)


def find_pictures(found: Found) -> tuple[list[Item], list[NotRead]]:
    """The pictures that the COCO files of a source name, and the `.json` files that are not read.

    A picture that is missing, or lies outside of its COCO file's folder, is an item with a defect.

    Raises:
        InkError: an `annotations.json` that is not sound; two other COCO files that have different boxes for a picture.
    """
    files = _Files(found)
    sure = {entry.name for entry in found.entries if _is_sure(entry)}
    items: list[Item] = []
    first: dict[str, Item] = {}
    passed: list[NotRead] = []
    for coco in sorted(filter(_is_json, found.entries), key=lambda entry: (not _is_sure(entry), entry.name)):
        try:
            read = [files.item(coco, image) for image in _images(coco)]
        except InkError as error:
            if _is_sure(coco):
                raise
            passed.append(not_read(coco.name, str(error).removeprefix(f"{coco.name}: ")))
            continue
        if not _is_sure(coco):
            if not any(files.has(item) for item in read):
                passed.append(not_read(coco.name, f"a COCO file, but none of its {len(read)} pictures is there"))
                continue
            pairs = [(first[item.entry.name], item) for item in read if item.entry.name in first]
            passed += _overlaps(coco, pairs, sure)
            read = [item for item in read if item.entry.name not in first]
        items += read
        first = {item.entry.name: item for item in read} | first
    return items, passed


def _overlaps(coco: Entry, pairs: list[tuple[Item, Item]], sure: set[str]) -> Iterator[NotRead]:
    """What is said of pictures that an earlier COCO file has, too."""
    for first, item in pairs:
        if first.coco not in sure and not first.says_the_same(item):
            raise InkError(
                f"{first.coco} and {coco.name}: both have boxes for {item.entry.name}, and they differ; expected one "
                f"COCO file per picture, take one of the two out of {PARAM}"
            )
    if pairs:
        others = ", ".join(sorted({first.coco for first, _ in pairs}))
        yield not_read(coco.name, f"{len(pairs)} pictures of it are read as {others} says")


class _Files:
    """All files of a source, by the names that COCO files give them."""

    def __init__(self, found: Found) -> None:
        every = [*found.hidden, *found.others, *found.entries]
        self._together = {(entry.archive, _normal(entry.unpacked)): entry for entry in every}
        self._anywhere = {_normal(entry.unpacked): entry for entry in reversed(every)}

    def item(self, coco: Entry, image: CocoImage) -> Item:
        """One picture of a COCO file."""
        path = PurePosixPath(image.file_name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.name:
            defect = f"expected a file below {coco.unpacked.name}, found {image.file_name!r:.80}"
            return Item(coco, image._replace(defect=image.defect or defect), coco.name)
        unpacked = coco.unpacked.parent / path
        entry = self._together.get((coco.archive, _normal(unpacked))) or self._anywhere.get(_normal(unpacked))
        if entry is None:  # there is nothing, or something that the search leaves out, such as a hidden file
            shown = coco.name.rpartition(coco.unpacked.name)[0] + path.as_posix()
            place = "" if coco.archive else str(Path(coco.place.path).parent / path)
            entry = Entry(shown, unpacked, Place(place), 0)
        return Item(entry, image, coco.name)

    def has(self, item: Item) -> bool:
        """Whether there is such a picture."""
        return item.entry.name != item.coco and Path(item.entry.place.path).is_file()


def _images(coco: Entry) -> list[CocoImage]:
    (data,) = read_entries([coco], MAX_BYTES)
    if isinstance(data, Exception):
        raise InkError(f"{coco.name}: cannot be read: {data}; mend it or take it out of {PARAM}")
    return read_coco(data, coco.name)


def _is_json(entry: Entry) -> bool:
    return entry.unpacked.name.lower().endswith(JSON)


def _is_sure(coco: Entry) -> bool:
    return coco.unpacked.name.lower() == ANNOTATIONS


def _normal(path: PurePosixPath) -> str:
    """A path as it is compared: macOS writes é as two characters."""
    return unicodedata.normalize("NFC", path.as_posix())
