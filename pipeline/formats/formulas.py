"""Turns the files of a data source into formulas on the canvas: InkML, and pictures with boxes in a COCO file.

stock = take_stock("data/raw/formulas")
for unit in stock.units:
    for outcome in read_unit(unit, frame): ...      # a Drawn, Filtered or Rejected for each file

A COCO file names its pictures relative to its folder; they may also be in an archive that unpacks there. A COCO file
may have any name that ends in `.json`. A file named `annotations.json` must be valid, and takes precedence over other
COCO files with boxes for the same pictures. A file that occurs twice (in a zip and unpacked next to it) is read once:
the plain one, or the first by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from pipeline.errors import InkError
from pipeline.formats import image as image_file
from pipeline.formats import inkml
from pipeline.formats.coco import BoxError, CocoImage, clip_boxes
from pipeline.formats.doubles import key_of, without_doubles
from pipeline.formats.entries import Entry, read_entries
from pipeline.formats.formula import Formula
from pipeline.formats.not_read import NotRead, lines
from pipeline.formats.picture_sets import ANNOTATIONS, JSON, PARAM, Item, find_pictures
from pipeline.formats.png import encode_png
from pipeline.formats.search import find_entries
from pipeline.formats.symbols import LABELS, canonical
from pipeline.formats.unpacking import Room
from pipeline.ink.canvas import CanvasFormula, Frame, draw_ink
from pipeline.ink.develop import BlankPhotoError, fit_photo

INKML = ".inkml"
KINDS = f"{INKML} or {ANNOTATIONS}"
READ = f"{INKML}, or a picture with boxes in a COCO file"
UNIT_FILES = 256


class NoFormulaError(ValueError):
    """A file without a formula, for a reason outside its file format."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Files of one folder: InkML, or pictures with their annotations."""

    items: tuple[Item, ...]

    @property
    def entries(self) -> list[Entry]:
        """The files of the unit."""
        return [item.entry for item in self.items]

    @property
    def files(self) -> int:
        """Number of files."""
        return len(self.items)


class Stock(NamedTuple):
    """The units of a source and its other files."""

    units: list[Unit]  # in the order of their files
    not_read: list[NotRead]  # sorted by name


@dataclass(frozen=True, slots=True)
class Drawn:
    """A formula, and the number of its parts that were left out."""

    formula: Formula
    dropped: int = 0  # symbols without ink
    unreferenced: int = 0  # traces without a symbol


@dataclass(frozen=True, slots=True)
class Filtered:
    """A formula with symbols outside the class list."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file without a usable formula."""

    file: str
    offset: int
    reason: str


def plan(source: Path | str) -> list[Unit]:
    """The units of `take_stock`."""
    return take_stock(source).units


def take_stock(source: Path | str, room: Room | None = None) -> Stock:
    """The units of work of a source, and the files that are not read.

    Raises:
        InkError: see `find_entries`, `find_pictures` and `without_doubles`.
    """
    found = find_entries(source, (INKML, JSON), PARAM, room, KINDS)
    ink = [Item(entry) for entry in found.entries if entry.unpacked.name.lower().endswith(INKML)]
    pictures, sets = find_pictures(found)
    if not ink and not pictures:
        other = "".join(f"; {line}" for line in lines(sets))
        raise InkError(
            f"{source}: expected {INKML} files or pictures with {ANNOTATIONS}, found none{found.seen}{other}; "
            f"correct {PARAM}"
        )
    items, twice = without_doubles([*ink, *pictures])
    units = [Unit(tuple(chunk)) for kind in (False, True) for chunk in _chunks(items, pictures=kind)]
    passed = found.passed_over(READ, but=(item.entry for item in pictures))
    return Stock(sorted(units, key=lambda unit: _order(unit.entries[0])), sorted([*passed, *sets, *twice]))


def read_unit(unit: Unit, frame: Frame) -> Iterator[Drawn | Filtered | Rejected]:
    """Yields the result for each file of a unit, in order."""
    limit = inkml.MAX_BYTES if unit.items[0].image is None else image_file.MAX_BYTES
    for item, data in zip(unit.items, read_entries(unit.entries, limit), strict=True):
        entry, image = item.entry, item.image
        try:
            if image is not None and image.defect:
                raise NoFormulaError(image.defect)
            if isinstance(data, Exception):
                raise NoFormulaError(f"cannot be read: {data}")
            yield _draw(entry, data, frame) if image is None else _develop(item, image, data, frame)
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
    formula = _formula(key_of(entry), ink.writer, ink.truth, symbols, picture)
    return Drawn(formula, ink.dropped, len(ink.traces) - len(picture.strokes))


def _develop(item: Item, image: CocoImage, data: bytes, frame: Frame) -> Drawn | Filtered:
    symbols = [canonical(label) for label in image.labels]
    if not symbols:
        raise NoFormulaError("no boxes")
    if unknown := _unknown(symbols):
        return Filtered(unknown)
    grey = image_file.read_grey(data)
    if image.size is not None and image.size != grey.shape:
        declared, found = (f"{width} x {height}" for height, width in (image.size, grey.shape))
        raise NoFormulaError(f"expected {declared} pixels as in {PurePosixPath(item.coco).name}, found {found}")
    picture, kept = fit_photo(grey, clip_boxes(image, *grey.shape), frame)
    if not kept:
        raise NoFormulaError(f"expected boxes on the ink, found {len(symbols)} elsewhere")
    formula = _formula(key_of(item.entry), image.writer, image.truth, [symbols[index] for index in kept], picture)
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


def _order(entry: Entry) -> tuple:
    return entry.unpacked.parent.parts, entry.unpacked.name


def _chunks(items: Iterable[Item], pictures: bool) -> Iterator[list[Item]]:
    """Yields chunks of items from one folder (and one zip), at most `UNIT_FILES` each, in the order of their files."""

    def home(item: Item) -> tuple:
        return item.entry.place if item.entry.packed else None, item.entry.unpacked.parent

    wanted = [item for item in items if (item.image is not None) is pictures]
    for _, group in itertools.groupby(sorted(wanted, key=lambda item: _order(item.entry)), home):
        together = list(group)
        yield from (together[start : start + UNIT_FILES] for start in range(0, len(together), UNIT_FILES))
