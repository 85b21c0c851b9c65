"""From the files of a data source to formulas on the canvas: InkML files, and images that a COCO file has boxes for.

for unit in plan("data/raw/formulas"):
    for outcome in read_unit(unit, frame): ...      # a Drawn, Filtered or Rejected for each file
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pipeline.errors import InkError
from pipeline.formats import image as image_file
from pipeline.formats import inkml
from pipeline.formats.archives import Entry, find_entries, read_entries
from pipeline.formats.coco import MAX_BYTES as MAX_COCO_BYTES
from pipeline.formats.coco import BoxError, CocoImage, clip_boxes, read_coco
from pipeline.formats.formula import Formula
from pipeline.formats.png import encode_png
from pipeline.formats.symbols import LABELS, canonical
from pipeline.ink.canvas import CanvasFormula, Frame, draw_ink
from pipeline.ink.develop import BlankPhotoError, fit_photo

INKML, ANNOTATIONS = ".inkml", "annotations.json"
PARAM = "math.decode.source"
UNIT_FILES = 256


class NoFormulaError(ValueError):
    """A file that gives no formula, for a reason that its format does not know."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Files of one folder: InkML, or pictures with their annotations."""

    entries: tuple[Entry, ...]
    images: tuple[CocoImage, ...] | None = None

    @property
    def files(self) -> int:
        """How many."""
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A formula, and what was left out of it."""

    formula: Formula
    dropped: int = 0  # symbols without ink
    unreferenced: int = 0  # traces of no symbol


@dataclass(frozen=True, slots=True)
class Filtered:
    """A formula with symbols outside the class list."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that gave no formula."""

    file: str
    offset: int
    reason: str


def plan(source: Path | str) -> list[Unit]:
    """The units of work of a source, in the order of their files.

    Raises:
        InkError: see `find_entries` and `read_coco`; two files that would share a key; a name that keys cannot hold.
    """
    found = find_entries(source, (INKML, ANNOTATIONS), PARAM)
    ink = [entry for entry in found if entry.name.lower().endswith(INKML)]
    sets = [entry for entry in found if entry.unpacked.name.lower() == ANNOTATIONS]
    pictures = [(entry, image) for coco in sets for entry, image in _pictures(coco)]
    _check_keys([*ink, *(entry for entry, image in pictures if not image.defect)])
    if not ink and not pictures:
        raise InkError(f"{source}: expected {INKML} files or pictures with {ANNOTATIONS}, found none; mend {PARAM}")
    units = [Unit(tuple(chunk)) for chunk in _chunks(ink, lambda entry: entry)]
    for pairs in _chunks(pictures, lambda pair: pair[0]):
        entries, images = zip(*pairs, strict=True)
        units.append(Unit(entries, images))
    return sorted(units, key=lambda unit: _order(unit.entries[0]))


def read_unit(unit: Unit, frame: Frame) -> Iterator[Drawn | Filtered | Rejected]:
    """Yields the result for each file of a unit, in order."""
    limit = inkml.MAX_BYTES if unit.images is None else image_file.MAX_BYTES
    images = unit.images or itertools.repeat(None)
    for entry, image, data in zip(unit.entries, images, read_entries(unit.entries, limit), strict=False):
        try:
            if image is not None and image.defect:
                raise NoFormulaError(image.defect)
            if isinstance(data, Exception):
                raise NoFormulaError(f"cannot be read: {data}")
            yield _draw(entry, data, frame) if image is None else _develop(entry, image, data, frame)
        except inkml.InkmlError as error:
            yield Rejected(entry.name, error.offset, str(error))
        except (image_file.ImageError, BlankPhotoError, BoxError, NoFormulaError) as error:
            yield Rejected(entry.name, 0, str(error))


def _draw(entry: Entry, data: bytes, frame: Frame) -> Drawn | Filtered:
    ink = inkml.read_inkml(data)
    symbols = [canonical(symbol.label) for symbol in ink.symbols]
    if unknown := _unknown(symbols):
        return Filtered(unknown)
    members = [symbol.traces for symbol in ink.symbols]
    picture = draw_ink(ink.traces, members, frame)
    formula = _formula(_key(entry), ink.writer, ink.truth, symbols, picture)
    return Drawn(formula, ink.dropped, len(ink.traces) - len(picture.strokes))


def _develop(entry: Entry, image: CocoImage, data: bytes, frame: Frame) -> Drawn | Filtered:
    symbols = [canonical(label) for label in image.labels]
    if not symbols:
        raise NoFormulaError("no boxes")
    if unknown := _unknown(symbols):
        return Filtered(unknown)
    grey = image_file.read_grey(data)
    if image.size is not None and image.size != grey.shape:
        told, found = (f"{width} x {height}" for height, width in (image.size, grey.shape))
        raise NoFormulaError(f"expected {told} pixels as {ANNOTATIONS} says, found {found}")
    picture, kept = fit_photo(grey, clip_boxes(image, *grey.shape), frame)
    if not kept:
        raise NoFormulaError(f"none of {len(symbols)} boxes lies on the ink")
    formula = _formula(_key(entry), image.writer, image.truth, [symbols[index] for index in kept], picture)
    return Drawn(formula, dropped=len(symbols) - len(kept))


def _unknown(symbols: list[str]) -> tuple[str, ...]:
    return tuple(symbol for symbol in symbols if symbol not in LABELS)


def _formula(key: str, writer: str, truth: str, symbols: list[str], picture: CanvasFormula) -> Formula:
    height, width = picture.image.shape
    return Formula(
        key=key,
        writer=writer,
        source=key.rpartition("/")[0],
        truth=truth,
        height=height,
        width=width,
        image=encode_png(picture.image),
        boxes=picture.boxes,
        labels=np.array([LABELS[symbol] for symbol in symbols], np.int64),
        symbols=symbols,
        strokes=[stroke.reshape(-1) for stroke in picture.strokes],
        symbol_strokes=picture.symbol_strokes,
    )


def _key(entry: Entry) -> str:
    return entry.unpacked.with_suffix("").as_posix()


def _order(entry: Entry) -> tuple:
    return entry.unpacked.parent.parts, entry.unpacked.name


def _pictures(coco: Entry) -> Iterator[tuple[Entry, CocoImage]]:
    """The pictures of a COCO file; a name that leads out of its folder is a defect."""
    (data,) = read_entries([coco], MAX_COCO_BYTES)
    if isinstance(data, Exception):
        raise InkError(f"{coco.name}: cannot be read: {data}; mend it or take it out of {PARAM}")
    for image in read_coco(data, coco.name):
        path = PurePosixPath(image.file_name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.name:
            defect = f"expected a file below {ANNOTATIONS}, found {image.file_name!r:.80}"
            yield coco, image._replace(defect=image.defect or defect)
        else:
            yield coco.sibling(path.as_posix()), image


def _chunks(items: Iterable[Any], entry_of: Callable[[Any], Entry]) -> Iterator[list]:
    """Items of one folder (and one archive), at most `UNIT_FILES` together, in the order of their files."""

    def home(item: Any) -> tuple:
        entry = entry_of(item)
        return entry.path if entry.member is not None else "", entry.unpacked.parent

    ordered = sorted(items, key=lambda item: _order(entry_of(item)))
    for _, group in itertools.groupby(ordered, home):
        together = list(group)
        yield from (together[start : start + UNIT_FILES] for start in range(0, len(together), UNIT_FILES))


def _check_keys(entries: Iterable[Entry]) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        key = _key(entry)
        other = seen.setdefault(key, entry)
        if other is not entry:
            raise InkError(
                f"{other.name} and {entry.name}: both would give a sample with the key {key}; take one of the "
                f"two out of {PARAM} or rename it"
            )
        if not entry.name.isprintable():  # bytes that are not UTF-8 decode to surrogates
            raise InkError(
                f"{entry.name!r}: expected a printable file name, since keys are made of it; rename the file"
            )
