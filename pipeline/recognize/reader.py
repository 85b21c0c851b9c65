"""Reads pictures with a model: of any size, with dark ink on light paper or light ink on a dark ground.

    reader = load_reader(Path("models/hccr/dynamic.tflite").read_bytes())
    reader.read(read_grey(Path("character.jpg").read_bytes()))

Pictures are prepared in the same way as the training data, by the same code: `pipeline.ink.normalise` for a scan of a
character, `pipeline.ink.develop` for a photo of a formula. A photo of a character goes through both. A character on a
ground of one level (white in data sets) is only normalised, because developing would lose strokes. A photo may show
several formulas and be tilted (`pipeline.ink.page`); each formula is read on a canvas of its own.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.edge import metadata
from pipeline.edge.detections import DEFAULT_THRESHOLD, read_detections
from pipeline.edge.graph import read_graph
from pipeline.edge.litert import Runner
from pipeline.edge.order import reading_order
from pipeline.edge.segments import places
from pipeline.errors import InkError
from pipeline.ink.canvas import Frame
from pipeline.ink.develop import MIN_CONTRAST, BlankPhotoError, find_ink
from pipeline.ink.ground import ink_is_dark
from pipeline.ink.normalise import BlankScanError, normalise
from pipeline.ink.page import Block, find_blocks, place_block
from pipeline.ink.sheet import find_sheet
from pipeline.structure.parsing import parse
from pipeline.structure.tree import Row

CANDIDATES = 5  # default number of candidates for a character
PAPER = 255
FAINT = 0.25  # largest share of a scan's marks that are fainter than `MIN_CONTRAST`; HWDB1.1 has at most 0.10


class Candidate(NamedTuple):
    """A possible label of a character and its confidence, 0 to 1."""

    text: str
    confidence: float


class CharacterReading(NamedTuple):
    """The reading of a picture of one character.

    Attributes:
        candidates: the most likely first.
        seen: the network's input, uint8 [56, 56].
        sure: whether the confidence of the first candidate reaches the threshold of the model; true if it has none.
        known: number of characters that the model knows.
    """

    candidates: list[Candidate]
    seen: np.ndarray
    sure: bool
    known: int


class FoundSymbol(NamedTuple):
    """A symbol, its score, 0 to 1, and its box: ymin, xmin, ymax, xmax in pixels of the picture."""

    text: str
    score: float
    box: tuple[float, float, float, float]


class Formula(NamedTuple):
    """A formula in a picture.

    Attributes:
        symbols: in reading order.
        tree: structure of the formula; its nodes count the symbols from 0.
    """

    symbols: list[FoundSymbol]
    tree: Row


class FormulaReading(NamedTuple):
    """The reading of a picture of formulas.

    Attributes:
        formulas: in reading order, at least one; only the first may have no symbols, if no formula has any.
    """

    formulas: list[Formula]

    @property
    def symbols(self) -> list[FoundSymbol]:
        """The symbols of all formulas."""
        return [symbol for formula in self.formulas for symbol in formula.symbols]


Reading = CharacterReading | FormulaReading


class CharacterReader:
    """Reads pictures of one character each.

    Args:
        data: content of a .tflite file.
        top: number of candidates.
    """

    def __init__(self, data: bytes, top: int = CANDIDATES):
        description = metadata.read(data)
        self.labels, self._threshold = description.labels, description.threshold or 0.0
        self._runner, self._top = Runner(data), top

    def read(self, grey: np.ndarray, name: str = "picture") -> CharacterReading:
        """Reads upright grey pixels, uint8 [height, width].

        Raises:
            InkError: the picture is blank; the message calls it `name`.
        """
        with _blank_reported(name):
            seen = normalise_picture(grey)
        (probabilities,) = self._runner(seen[None])
        best = np.argsort(-probabilities, kind="stable")[: self._top]
        candidates = [Candidate(self.labels[i], float(probabilities[i])) for i in best]
        return CharacterReading(candidates, seen, candidates[0].confidence >= self._threshold, len(self.labels))


class FormulaReader:
    """Finds formulas and their symbols.

    Args:
        data: content of a .tflite file.
        top: largest number of symbols per formula, those with the highest scores; None returns all.
        score: least score of a symbol, 0 to 1.
    """

    def __init__(self, data: bytes, top: int | None = None, score: float = DEFAULT_THRESHOLD):
        description = metadata.read(data)
        self.labels, self._frame = description.labels, model_frame(data, description.normalisation)
        self._runner, self._top, self._score = Runner(data), top, score

    def read(self, grey: np.ndarray, name: str = "picture") -> FormulaReading:
        """Reads upright grey pixels, uint8 [height, width].

        Raises:
            InkError: the picture is blank; the message calls it `name`.
        """
        with _blank_reported(name):
            blocks = find_blocks(grey)
        formulas = [self._read_block(blocks[index], grey.shape, name) for index in block_order(blocks)]
        return FormulaReading([formula for formula in formulas if formula.symbols] or formulas[:1])

    def _read_block(self, block: Block, shape: tuple[int, ...], name: str) -> Formula:
        canvas, placement = place_block(block, self._frame)
        found = places(read_detections(self._runner.outputs(canvas[None]), len(self.labels), name))
        sure = np.flatnonzero(found.scores >= self._score)[: self._top]  # in descending order of scores
        on_canvas = found.boxes[sure].astype(np.float64)
        boxes = np.clip(placement.to_photo(on_canvas), 0, [*shape, *shape])
        upright = placement.to_upright(on_canvas) if block.page else boxes
        order = reading_order(upright)
        symbols = [
            FoundSymbol(
                self.labels[found.labels[sure[i]]], min(float(found.scores[sure[i]]), 1.0), tuple(boxes[i].tolist())
            )
            for i in order
        ]
        return Formula(symbols, parse([symbol.text for symbol in symbols], upright[order]))


def block_order(blocks: Sequence[Block]) -> list[int]:
    """The indices of blocks in reading order: from top to bottom, and from left to right in rows."""
    boxes = np.array([[*block.ink.corner, *(block.ink.corner + block.ink.image.shape)] for block in blocks])
    return reading_order(boxes[:, [1, 0, 3, 2]])


def load_reader(
    data: bytes, top: int | None = None, score: float = DEFAULT_THRESHOLD
) -> CharacterReader | FormulaReader:
    """The reader for the kind of a model, which its metadata names.

    Args:
        data: content of a .tflite file.
        top: largest number of candidates or symbols; None uses the reader's default.
        score: least score of a symbol, 0 to 1; only for formulas.

    Raises:
        InkError: a file that is not a model of this project, is damaged, or has no metadata.
    """
    if metadata.read(data).kind == "formulas":
        return FormulaReader(data, top, score)
    return CharacterReader(data, top or CANDIDATES)


def normalise_picture(grey: np.ndarray) -> np.ndarray:
    """Makes the network's input, uint8 [56, 56], from any picture of a character, uint8 [height, width].

    Raises:
        BlankScanError, BlankPhotoError: no ink.
    """
    picture = find_sheet(grey).image
    if not ink_is_dark(picture):
        picture = PAPER - picture
    scan = _as_scan(picture)
    return normalise(PAPER - find_ink(picture).image if scan is None else scan)


def model_frame(data: bytes, sizes: Mapping[str, float]) -> Frame:
    """The canvas sizes of a detector: those of its input, and the pen and symbol sizes of its training data."""
    _, height, width, _ = read_graph(data).inputs[0].shape or ()
    pen, symbol = (sizes.get(name, math.nan) for name in ("pen", "symbol"))
    if not (0 < pen < math.inf and 0 < symbol < math.inf):
        raise InkError(
            f"expected positive sizes pen and symbol in the model's metadata, found {pen:g} and {symbol:g}; run "
            "`dvc repro math-quantize`"
        )
    return Frame(height, width, symbol, pen)


def _as_scan(picture: np.ndarray) -> np.ndarray | None:
    """The picture as dark ink on pure white, if its ground has only one level; None if it has the shades of a photo."""
    counts = np.bincount(picture.reshape(-1), minlength=PAPER + 1)
    middle = (int(picture.min()) + int(picture.max()) + 1) // 2
    level = middle + int(counts[middle:].argmax())
    marks, around = counts.sum() - counts[level], counts[max(level - MIN_CONTRAST + 1, 0) :].sum() - counts[level]
    if around > FAINT * marks:
        return None
    stretch = np.arange(PAPER + 1) * PAPER // max(level, 1)
    stretch[level:] = PAPER
    return stretch.astype(np.uint8)[picture]


@contextlib.contextmanager
def _blank_reported(name: str) -> Iterator[None]:
    """Context that turns the errors about a picture without ink into an `InkError` that names the picture."""
    try:
        yield
    except (BlankScanError, BlankPhotoError) as error:
        raise InkError(f"{name}: expected ink on paper, found none: {error}") from error
