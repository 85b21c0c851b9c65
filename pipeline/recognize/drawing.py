"""Draws the readings of several pictures as one picture.

Formulas have their symbols in boxes, and below the picture each formula as it was understood, one per line; a
character stands next to the network's input.

    draw([show(grey, reader.read(grey)), ...], Path("out.png"))

Candidates for a character are shown as code points, because the machine may lack a CJK font.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from PIL import Image

from pipeline import files
from pipeline.errors import InkError
from pipeline.recognize.reader import CharacterReading, FormulaReading, Reading
from pipeline.report.contact_sheet import as_printed
from pipeline.report.formula_sheet import FONT, GREY, RIGHT, Labels, faded, frame
from pipeline.structure.writing import latex

LIMIT = 50  # pictures per drawing
DPI = 100
# Pixels of the page.
GAP, LABEL, LINE, TYPESET = 16, 18, 18, 56
FORMULA = (1000, 600)  # largest width and height of a picture
CHARACTER = (168, 168)
LARGEST_ZOOM = 3
LARGE = 18  # points, of a formula
TEXT = 150  # width of the column of candidates
LINES = CHARACTER[1] // LINE


class Shown(NamedTuple):
    """A picture in its size on the page, uint8 [height, width], and its reading."""

    picture: np.ndarray
    zoom: float  # pixels of the page per pixel of the original picture
    reading: Reading


def check(path: Path, pictures: Sequence[str]) -> None:
    """Checks the arguments of `draw` before any work is done.

    Args:
        path: path of the drawing.
        pictures: names of the picture files.

    Raises:
        InkError: an extension other than .png, more than `LIMIT` pictures, or a drawing that would replace a picture.
    """
    if path.suffix.lower() != ".png":
        raise InkError(f"{path}: expected a drawing with the extension .png, found {path.suffix or 'none'}")
    if len(pictures) > LIMIT:
        raise InkError(f"{path}: expected at most {LIMIT} pictures to draw, found {len(pictures)}; name fewer")
    if any(_same(path, Path(name)) for name in pictures):
        raise InkError(f"{path}: expected a separate file for the drawing, found one of the pictures; name another")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them does not exist
        return False


def show(grey: np.ndarray, reading: Reading) -> Shown:
    """Scales a picture, uint8 [height, width], to its size on the page."""
    height, width = grey.shape
    most = FORMULA if isinstance(reading, FormulaReading) else CHARACTER
    zoom = min(most[0] / width, most[1] / height, LARGEST_ZOOM)
    size = max(round(width * zoom), 1), max(round(height * zoom), 1)
    method = Image.Resampling.BOX if zoom < 1 else Image.Resampling.NEAREST
    return Shown(np.asarray(Image.fromarray(grey).resize(size, method)), zoom, reading)


def draw(shown: Sequence[Shown], path: Path) -> None:
    """Writes the pictures, one below the other, as PNG.

    Raises:
        InkError: the file cannot be written.
    """
    width = GAP + max(_width(one) for one in shown)
    height = GAP + sum(_height(one) for one in shown)
    figure = Figure((width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    top = GAP
    for one in shown:
        place = _place_symbols if isinstance(one.reading, FormulaReading) else _place_character
        place(axes, one, top)
        top += _height(one)
    try:
        with files.atomic_file(path) as partial, warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box replaces it
            figure.savefig(partial, format="png", metadata={"Software": None})  # leaves out matplotlib's version
    except OSError as error:
        raise InkError(f"{path}: expected a place to write the drawing, found {error.strerror}") from error


def _width(shown: Shown) -> int:
    if isinstance(shown.reading, FormulaReading):
        return shown.picture.shape[1] + GAP
    return 2 * (CHARACTER[0] + GAP) + TEXT


def _height(shown: Shown) -> int:
    if isinstance(shown.reading, FormulaReading):
        return LABEL + shown.picture.shape[0] + TYPESET * len(shown.reading.formulas) + GAP
    return CHARACTER[1] + GAP


def _place_symbols(axes: Axes, shown: Shown, top: int) -> None:
    assert isinstance(shown.reading, FormulaReading)
    _place(axes, faded(shown.picture), GAP, top + LABEL)
    labels = Labels(axes, top)
    for symbol in shown.reading.symbols:
        box = np.array(symbol.box) * shown.zoom + [top + LABEL, GAP, top + LABEL, GAP]
        frame(axes, box, RIGHT)
        labels.write(symbol.text, box, RIGHT)
    for line, formula in enumerate(shown.reading.formulas):
        middle = top + LABEL + shown.picture.shape[0] + (line + 0.5) * TYPESET
        axes.text(GAP, middle, typeset(latex(formula.tree)), fontsize=LARGE, va="center", math_fontfamily="cm")


def typeset(formula: str) -> str:
    """Returns LaTeX as matplotlib typesets it; as plain text, if matplotlib does not know all of it."""
    for name, known in (("\\lt", "<"), ("\\gt", ">")):
        formula = formula.replace(name, f"{known} ")
    text = f"${formula}$" if formula else ""
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return formula.replace("$", "\\$")
    return text


def _place_character(axes: Axes, shown: Shown, top: int) -> None:
    assert isinstance(shown.reading, CharacterReading)
    _place(axes, shown.picture, GAP, top)
    times = CHARACTER[0] // shown.reading.seen.shape[0]
    _place(
        axes, as_printed(shown.reading.seen).repeat(times, axis=0).repeat(times, axis=1), CHARACTER[0] + 2 * GAP, top
    )
    for line, candidate in enumerate(shown.reading.candidates[:LINES]):
        text = f"{code_points(candidate.text)}   {candidate.confidence:.1%}"
        left, middle = 2 * CHARACTER[0] + 3 * GAP, top + (line + 0.5) * LINE
        axes.text(left, middle, text, fontsize=FONT, va="center", color=RIGHT if line == 0 else "black")


def _place(axes: Axes, picture: np.ndarray, left: int, top: int) -> None:
    height, width = picture.shape
    extent = (left, left + width, top + height, top)
    axes.imshow(picture, **GREY, extent=extent, interpolation="nearest", aspect="auto")


def code_points(text: str) -> str:
    """The code points of a label's characters: `U+6C38`."""
    return " ".join(f"U+{ord(char):04X}" for char in text)
