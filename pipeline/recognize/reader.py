"""A model that reads pictures as they come: of any size, dark ink on light paper or light on dark.

    reader = load_reader(Path("models/hccr/dynamic.tflite").read_bytes())
    reader.read(read_grey(Path("character.jpg").read_bytes()))

What is done to a picture is what was done to the training data, by the same code: a scan of a character goes through
`pipeline.ink.normalise`, a photograph of a formula through `pipeline.ink.develop`. The photograph of a character goes
through both; where the ground has one level throughout (white in data sets), developing it would only cost strokes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
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
from pipeline.ink.develop import MIN_CONTRAST, BlankPhotoError, find_ink, place_photo
from pipeline.ink.ground import ink_is_dark
from pipeline.ink.normalise import BlankScanError, normalise
from pipeline.ink.sheet import find_sheet

CANDIDATES = 5  # of a character, unless told otherwise
PAPER = 255
FAINT = 0.25  # share of a scan's marks that may be fainter than `MIN_CONTRAST`: 0.10 is the most in HWDB1.1's


class Candidate(NamedTuple):
    """What a character may be, and how probable that is, 0 to 1."""

    text: str
    confidence: float


class CharacterReading(NamedTuple):
    """What was read in a picture of one character."""

    candidates: list[Candidate]  # the likeliest first
    seen: np.ndarray  # what the network saw, uint8 [56, 56]


class FoundSymbol(NamedTuple):
    """A symbol, how sure it is that there is one, 0 to 1, its box: ymin, xmin, ymax, xmax in the picture's pixels."""

    text: str
    score: float
    box: tuple[float, float, float, float]


class FormulaReading(NamedTuple):
    """What was found in a picture of a formula."""

    symbols: list[FoundSymbol]  # in reading order


Reading = CharacterReading | FormulaReading


class CharacterReader:
    """Reads pictures of one character each.

    Args:
        data: a .tflite file.
        top: how many candidates are wanted.
    """

    def __init__(self, data: bytes, top: int = CANDIDATES):
        self.labels = metadata.read(data).labels
        self._runner, self._top = Runner(data), top

    def read(self, grey: np.ndarray, name: str = "picture") -> CharacterReading:
        """Reads upright grey pixels, uint8 [height, width].

        Raises:
            InkError: the picture, which is called `name`, is blank.
        """
        with _of(name):
            seen = normalise_picture(grey)
        (probabilities,) = self._runner(seen[None])
        best = np.argsort(-probabilities, kind="stable")[: self._top]
        return CharacterReading([Candidate(self.labels[i], float(probabilities[i])) for i in best], seen)


class FormulaReader:
    """Finds the symbols of formulas.

    Args:
        data: a .tflite file.
        top: how many symbols are wanted at most, the surest.
        score: how sure it must be that there is one.
    """

    def __init__(self, data: bytes, top: int | None = None, score: float = DEFAULT_THRESHOLD):
        description = metadata.read(data)
        self.labels, self._frame = description.labels, _frame(data, description.normalisation)
        self._runner, self._top, self._score = Runner(data), top, score

    def read(self, grey: np.ndarray, name: str = "picture") -> FormulaReading:
        """Reads upright grey pixels, uint8 [height, width].

        Raises:
            InkError: the picture, which is called `name`, is blank.
        """
        with _of(name):
            canvas, placement = place_photo(grey, self._frame)
        found = places(read_detections(self._runner.outputs(canvas[None]), len(self.labels), name))
        sure = np.flatnonzero(found.scores >= self._score)[: self._top]  # the best come first
        height, width = grey.shape
        boxes = np.clip(placement.to_photo(found.boxes[sure].astype(np.float64)), 0, [height, width, height, width])
        return FormulaReading(
            [
                FoundSymbol(
                    self.labels[found.labels[sure[i]]], min(float(found.scores[sure[i]]), 1.0), tuple(boxes[i].tolist())
                )
                for i in reading_order(boxes)
            ]
        )


def load_reader(
    data: bytes, top: int | None = None, score: float = DEFAULT_THRESHOLD
) -> CharacterReader | FormulaReader:
    """The reader for what a model is made for, told from its signature.

    Raises:
        InkError: no model of this project, a broken one, or one without metadata.
    """
    if metadata.read(data).kind == "formulas":
        return FormulaReader(data, top, score)
    return CharacterReader(data, top or CANDIDATES)


def normalise_picture(grey: np.ndarray) -> np.ndarray:
    """The network's picture, uint8 [56, 56], of any picture of a character, uint8 [height, width].

    Raises:
        BlankScanError, BlankPhotoError: no ink.
    """
    picture = find_sheet(grey).image
    if not ink_is_dark(picture):
        picture = PAPER - picture
    scan = _as_scan(picture)
    return normalise(PAPER - find_ink(picture).image if scan is None else scan)


def _frame(data: bytes, sizes: Mapping[str, float]) -> Frame:
    """The canvas of a detector: as large as its input, with the pen and the symbols that it was trained on."""
    _, height, width, _ = read_graph(data).inputs[0].shape or ()
    pen, symbol = (sizes.get(name, math.nan) for name in ("pen", "symbol"))
    if not (0 < pen < math.inf and 0 < symbol < math.inf):
        raise InkError("the model does not say the pen and the symbols of its canvas: run `dvc repro math-quantize`")
    return Frame(height, width, symbol, pen)


def _as_scan(picture: np.ndarray) -> np.ndarray | None:
    """Dark ink on pure white, if the ground has one level throughout and not the shades of a photo; otherwise None."""
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
def _of(name: str) -> Iterator[None]:
    """Says which picture it is that has no ink."""
    try:
        yield
    except (BlankScanError, BlankPhotoError) as error:
        raise InkError(f"{name}: expected ink on paper, found none: {error}") from error
