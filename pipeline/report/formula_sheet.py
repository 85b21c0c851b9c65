"""Draws formulas with their detections and the symbols that the detector missed.

    draw([SheetEntry(canvas, truth, found), ...], class_list, "sheet.png")

Detections have solid boxes: green if they match a true symbol of their class (IoU .5), otherwise red. Missed true
symbols have dashed blue boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.edge.detections import Detections
from pipeline.report.contact_sheet import PAPER, as_printed
from pipeline.scoring.coco import Truth, match

COLUMNS = 2
DPI = 100
RIGHT, WRONG, MISSED = "#1a8f3c", "#d62728", "#1f5fd0"
# Sizes in pixels of the picture.
ZOOM, GAP, HEADER, LABEL = 2, 16, 34, 17
FONT = 10  # points
OUTSIDE = (-3, -3, 3, 3)  # enlarges the box of a missed symbol, so that a false detection does not hide it
FADED = 0.35  # share of the ink's darkness that remains
GREY: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": PAPER}  # for imshow


@dataclass(frozen=True)
class SheetEntry:
    """One formula.

    Attributes:
        image: canvas, uint8 [height, width], ink bright on black.
        truth: true symbols.
        found: detections.
    """

    image: np.ndarray
    truth: Truth
    found: Detections


def draw(examples: Sequence[SheetEntry], class_list: Sequence[str], path: Path | str, threshold: float = 0.5) -> None:
    """Writes the sheet as PNG, with two formulas per row.

    Args:
        examples: at least one formula; all canvases have the same size.
        class_list: symbol of each label.
        path: path of the PNG file.
        threshold: lowest score of a detection that is shown.
    """
    height, width = (ZOOM * side for side in examples[0].image.shape)
    rows = -(-len(examples) // COLUMNS)
    page = GAP + COLUMNS * (width + GAP), HEADER + rows * (height + GAP)
    figure = Figure((page[0] / DPI, page[1] / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, page[0]), ylim=(page[1], 0))
    axes.axis("off")
    _legend(axes, threshold)
    for index, example in enumerate(examples):
        left = GAP + index % COLUMNS * (width + GAP)
        top = HEADER + index // COLUMNS * (height + GAP)
        _place(axes, example, class_list, threshold, (left, top))
    # Leaves out matplotlib's version, so that the bytes do not depend on it.
    figure.savefig(path, format="png", metadata={"Software": None})


def _legend(axes: Axes, threshold: float) -> None:
    entries = (
        (RIGHT, "-", "found"),
        (WRONG, "-", f"found, but not there (score ≥ {threshold:.2f})"),
        (MISSED, "--", "there, but not found"),
    )
    left = float(GAP)
    for colour, style, text in entries:
        axes.add_patch(Rectangle((left, HEADER / 2 - 7), 14, 14, fill=False, edgecolor=colour, linestyle=style))
        axes.text(left + 20, HEADER / 2, text, color=colour, va="center", fontsize=FONT)
        left += 44 + 8 * len(text)


def _place(
    axes: Axes, example: SheetEntry, class_list: Sequence[str], threshold: float, corner: tuple[int, int]
) -> None:
    (left, top), (height, width) = corner, example.image.shape
    extent = (left, left + ZOOM * width, top + ZOOM * height, top)
    axes.imshow(faded(as_printed(example.image)), **GREY, extent=extent, interpolation="nearest", aspect="auto")
    axes.add_patch(Rectangle(corner, ZOOM * width, ZOOM * height, fill=False, edgecolor="lightgray", linewidth=0.8))
    shown = Detections(*(column[example.found.scores >= threshold] for column in example.found))
    matched = match(example.truth, shown)
    labels = Labels(axes, top)
    for index in sorted(set(range(len(example.truth.labels))) - set(matched.tolist())):
        box = _on_page(example.truth.boxes[index], corner) + OUTSIDE
        frame(axes, box, MISSED, "--")
        labels.write(class_list[example.truth.labels[index]], box, MISSED)
    for box_, label, right in zip(shown.boxes, shown.labels, matched >= 0, strict=True):
        box = _on_page(box_, corner)
        frame(axes, box, RIGHT if right else WRONG, "-")
        labels.write(class_list[label], box, RIGHT if right else WRONG)


def faded(grey: np.ndarray) -> np.ndarray:
    """Lightens a grey picture so that boxes stand out; returns float32 of the same shape."""
    return PAPER - (PAPER - grey.astype(np.float32)) * FADED


def _on_page(box: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
    """Converts a box from pixels of the canvas to ymin, xmin, ymax, xmax on the page."""
    return np.asarray(box, np.float64) * ZOOM + [corner[1], corner[0], corner[1], corner[0]]


def frame(axes: Axes, box: np.ndarray, colour: str, style: str = "-") -> None:
    """Draws a box, given as ymin, xmin, ymax, xmax in the units of the axes."""
    top, left, bottom, right = box
    size = right - left, bottom - top
    # `snap` aligns the lines with whole pixels; thin lines between pixels look pale.
    axes.add_patch(
        Rectangle((left, top), *size, fill=False, edgecolor=colour, linestyle=style, linewidth=1.2, snap=True)
    )


class Labels:
    """Writes labels above boxes, or below them if the space above is taken.

    Args:
        axes: axes to write on.
        ceiling: y above which nothing is written.
    """

    def __init__(self, axes: Axes, ceiling: float):
        self._axes = axes
        self._ceiling = ceiling
        self._taken: list[tuple[float, float, float]] = []  # y, left, right

    def write(self, text: str, box: np.ndarray, colour: str) -> None:
        """Writes the label of a box, given as ymin, xmin, ymax, xmax in the units of the axes."""
        top, left, bottom, _ = box
        right = left + 0.75 * FONT * len(text)
        places = [y for y in (top - 3, bottom + LABEL - 2, top - 3 - LABEL) if y - LABEL >= self._ceiling - 2]
        y = next((y for y in places if self._is_free(y, left, right)), places[0] if places else bottom + LABEL - 2)
        self._taken.append((y, left, right))
        self._axes.text(left, y, text, color=colour, fontsize=FONT, va="bottom", parse_math=False)

    def _is_free(self, y: float, left: float, right: float) -> bool:
        return all(abs(y - other) >= LABEL or right < start or left > end for other, start, end in self._taken)
