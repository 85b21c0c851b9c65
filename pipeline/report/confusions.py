"""Shows the confusions of a recogniser as pictures: the samples, and the class that they were read as.

    examples = collect(scoring.confusions(predicted, labels, 10), predicted, labels, batches)
    draw(examples, class_list, "confusions.png")

Both classes are shown by samples of the data set: the report needs no CJK font, and it shows real handwriting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.report.contact_sheet import PAPER, as_printed
from pipeline.scoring.classification import ClassScore, Confusion

DIGITS = 5  # decimals of shares
EXAMPLES = 4  # misread samples shown per pair
DPI = 100
# Sizes in pixels of the picture.
TILE, ROW, HEADER, MARGIN = 56, 64, 36, 12
LABEL_WIDTH, ARROW_WIDTH = 210, 40
WIDTH = 2 * MARGIN + LABEL_WIDTH + EXAMPLES * ROW + ARROW_WIDTH + ROW


@dataclass(frozen=True)
class Misreading:
    """One pair of confused classes.

    Attributes:
        confusion: the labels and the number of misread samples.
        mistaken: up to `EXAMPLES` misread samples, uint8 [k, height, width].
        typical: sample of the predicted class, uint8 [height, width]; None if the part has none.
    """

    confusion: Confusion
    mistaken: np.ndarray
    typical: np.ndarray | None


def collect(
    pairs: Sequence[Confusion],
    predicted: np.ndarray,
    labels: np.ndarray,
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
) -> list[Misreading]:
    """Collects the samples to show from a part; reads only up to the last of them.

    Args:
        pairs: confusions to show.
        predicted: predicted labels of the whole part, int [n].
        labels: true labels of the whole part, int [n].
        batches: images [batch, height, width, 1] with values 0..255, and labels, in the order of the part.
    """
    mistaken = [_first((labels == pair.truth) & (predicted == pair.predicted), EXAMPLES) for pair in pairs]
    typical = [_typical(pair.predicted, predicted, labels) for pair in pairs]
    images = _take({index for chosen in (*mistaken, *typical) for index in chosen}, batches)
    return [
        Misreading(pair, np.stack([images[i] for i in wrong]), images[right[0]] if right else None)
        for pair, wrong, right in zip(pairs, mistaken, typical, strict=True)
    ]


def draw(examples: Sequence[Misreading], class_list: Sequence[str], path: Path | str) -> None:
    """Writes the picture as PNG: one row per pair, with the count and both code points.

    Args:
        examples: pairs to draw.
        class_list: character of each label.
        path: path of the PNG file.
    """
    height = HEADER + max(1, len(examples)) * ROW + MARGIN
    figure = Figure((WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    written, arrow = MARGIN + LABEL_WIDTH, MARGIN + LABEL_WIDTH + EXAMPLES * ROW
    for x, title in ((MARGIN, "times, code points"), (written, "written"), (arrow + ARROW_WIDTH, "read as")):
        axes.text(x, HEADER / 2, title, va="center", fontsize=9, color="dimgray")
    if not examples:
        axes.text(MARGIN, HEADER + ROW / 2, "no confusions: every sample was read right", va="center", fontsize=10)
    for row, example in enumerate(examples):
        top = HEADER + row * ROW
        middle = top + TILE / 2
        truth, read = (
            _code_point(class_list[label]) for label in (example.confusion.truth, example.confusion.predicted)
        )
        axes.text(MARGIN, middle, f"{example.confusion.count} ×   {truth} → {read}", va="center", fontsize=10)
        for column, image in enumerate(example.mistaken):
            _place(axes, image, written + column * ROW, top)
        axes.text(arrow + ARROW_WIDTH / 2 - ROW / 8, middle, "→", va="center", ha="center", fontsize=14)
        if example.typical is not None:
            _place(axes, example.typical, arrow + ARROW_WIDTH, top)
    # Leaves out matplotlib's version, so that the bytes do not depend on it.
    figure.savefig(path, format="png", metadata={"Software": None})


def rows(pairs: Sequence[Confusion], class_list: Sequence[str]) -> list[dict[str, str | int]]:
    """One flat row per pair, for `dvc plots`."""
    named = [(class_list[pair.truth], class_list[pair.predicted], pair.count) for pair in pairs]
    return [{"pair": f"{t} → {p}", "truth": t, "predicted": p, "count": count} for t, p, count in named]


def worst_rows(worst: Sequence[ClassScore], class_list: Sequence[str]) -> list[dict[str, str | float | int]]:
    """One flat row per class of low recall, for `dvc plots`."""
    return [
        {"char": class_list[score.label], "recall": round(score.recall, DIGITS), "samples": score.samples}
        for score in worst
    ]


def _first(condition: np.ndarray, limit: int) -> list[int]:
    return np.flatnonzero(condition)[:limit].tolist()


def _typical(label: int, predicted: np.ndarray, labels: np.ndarray) -> list[int]:
    """Index of the first correctly read sample of the class, or else of its first sample; empty if it has none."""
    return _first((labels == label) & (predicted == label), 1) or _first(labels == label, 1)


def _take(wanted: set[int], batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[int, np.ndarray]:
    """The wanted images, uint8 [height, width], by their index in the part."""
    found: dict[int, np.ndarray] = {}
    start = 0
    if not wanted:
        return found
    for images, _ in batches:
        stop = start + len(images)
        found |= {i: images[i - start, ..., 0].astype(np.uint8) for i in wanted if start <= i < stop}
        start = stop
        if len(found) == len(wanted):
            break
    return found


def _place(axes, image: np.ndarray, left: int, top: int) -> None:
    extent = (left, left + TILE, top + TILE, top)
    axes.imshow(
        as_printed(image), cmap="gray", vmin=0, vmax=PAPER, extent=extent, interpolation="nearest", aspect="auto"
    )


def _code_point(char: str) -> str:
    return f"U+{ord(char):04X}"
