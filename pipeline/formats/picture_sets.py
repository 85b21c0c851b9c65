"""Finds the pictures of a data source for which COCO files have boxes.

    items, not_read = find_pictures(find_entries("data/raw/formulas", (".inkml", ".json"), "math.decode.source"))

A COCO file may have any name that ends in `.json`. A file named `annotations.json` must be valid, and takes precedence
over other COCO files with boxes for the same pictures.
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
    """One file to read: InkML, or a picture with its COCO annotations."""

    entry: Entry
    image: CocoImage | None = None
    coco: str = ""  # name of the COCO file

    def has_same_annotations(self, other: Item) -> bool:
        """Whether both items have the same annotations, or both have none."""
        if self.image is None or other.image is None:
            return self.image is other.image
        return self.image._replace(file_name="", size=None) == other.image._replace(file_name="", size=None)


def find_pictures(found: Found) -> tuple[list[Item], list[NotRead]]:
    """The pictures in the COCO files of a source, and the `.json` files that are not read.

    A picture that is missing or outside the folder of its COCO file is an item with a defect.

    Raises:
        InkError: an invalid `annotations.json`, or two other COCO files with different boxes for a picture.
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
                passed.append(not_read(coco.name, f"a COCO file: found none of its {len(read)} pictures"))
                continue
            pairs = [(first[item.entry.name], item) for item in read if item.entry.name in first]
            passed += _overlaps(coco, pairs, sure)
            read = [item for item in read if item.entry.name not in first]
        items += read
        first = {item.entry.name: item for item in read} | first
    return items, passed


def _overlaps(coco: Entry, pairs: list[tuple[Item, Item]], sure: set[str]) -> Iterator[NotRead]:
    """Reports pictures that an earlier COCO file also has; raises InkError if their boxes differ."""
    for first, item in pairs:
        if first.coco not in sure and not first.has_same_annotations(item):
            raise InkError(
                f"{first.coco} and {coco.name}: expected one COCO file per picture, found different boxes for "
                f"{item.entry.name}; remove one of the two from {PARAM}"
            )
    if pairs:
        others = ", ".join(sorted({first.coco for first, _ in pairs}))
        yield not_read(coco.name, f"the boxes of {len(pairs)} pictures in it are read from {others}")


class _Files:
    """Finds files of a source by their names in COCO files."""

    def __init__(self, found: Found) -> None:
        every = [*found.hidden, *found.others, *found.entries]
        self._together = {(entry.archive, _normal(entry.unpacked)): entry for entry in every}
        self._anywhere = {_normal(entry.unpacked): entry for entry in reversed(every)}

    def item(self, coco: Entry, image: CocoImage) -> Item:
        """The item for one picture of a COCO file."""
        path = PurePosixPath(image.file_name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.name:
            defect = f"expected a file below {coco.unpacked.name}, found {image.file_name!r:.80}"
            return Item(coco, image._replace(defect=image.defect or defect), coco.name)
        unpacked = coco.unpacked.parent / path
        entry = self._together.get((coco.archive, _normal(unpacked))) or self._anywhere.get(_normal(unpacked))
        if entry is None:  # the file is missing, or the search skips it, e.g. because it is hidden
            shown = coco.name.rpartition(coco.unpacked.name)[0] + path.as_posix()
            place = "" if coco.archive else str(Path(coco.place.path).parent / path)
            entry = Entry(shown, unpacked, Place(place), 0)
        return Item(entry, image, coco.name)

    def has(self, item: Item) -> bool:
        """Whether the picture of an item exists."""
        return item.entry.name != item.coco and Path(item.entry.place.path).is_file()


def _images(coco: Entry) -> list[CocoImage]:
    (data,) = read_entries([coco], MAX_BYTES)
    if isinstance(data, Exception):
        raise InkError(f"{coco.name}: cannot be read: {data}; correct it or remove it from {PARAM}")
    return read_coco(data, coco.name)


def _is_json(entry: Entry) -> bool:
    return entry.unpacked.name.lower().endswith(JSON)


def _is_sure(coco: Entry) -> bool:
    return coco.unpacked.name.lower() == ANNOTATIONS


def _normal(path: PurePosixPath) -> str:
    """A path in the form for comparison: macOS writes é as two characters."""
    return unicodedata.normalize("NFC", path.as_posix())
