"""Measures how fast one process draws the embedded corpus, and how fast other rasterisers draw the same pen paths.

    python -m benchmarks.strokes_speed          # needs `dvc repro medians`

Uses every fifth character of GB2312 level 1, with one writer each. Measures skia-python and cairocffi only if they are
installed (the project does not need them). Takes half a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.command import command_parser
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.synthesis.characters import draw_sample
from pipeline.synthesis.hands.hand import Draws, Path, write_character
from pipeline.synthesis.hands.medians import load_medians
from pipeline.synthesis.hands.scanner import draw
from pipeline.synthesis.hands.skeleton import build_skeleton
from pipeline.synthesis.hands.writers import FIRST_WRITER, Writer, draw_writer
from stages.strokes import MEDIANS

EVERY = 5  # uses every fifth character of level 1
SIDE = 140  # side in pixels of the other rasterisers' canvas
FULL_CORPUS = 3_755 * 300


def opencv_antialiased(path: Path, writer: Writer) -> None:
    """OpenCV's antialiased lines at the size of the scan; widths are whole pixels."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for start, end, width in _segments(path, writer):
        points = np.round(np.array([[start, end]]) * 16).astype(np.int32)
        cv2.polylines(canvas, list(points), False, 255, max(round(width), 1), cv2.LINE_AA, 4)


def skia(path: Path, writer: Writer) -> None:
    """skia-python: one stroked line per segment."""
    import skia

    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)  # the surface does not hold a reference to it
    surface = skia.Surface(pixels)
    paint = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeCap=skia.Paint.kRound_Cap)
    with surface as canvas:
        for start, end, width in _segments(path, writer):
            paint.setStrokeWidth(width)
            canvas.drawLine(*start, *end, paint)


def cairo(path: Path, writer: Writer) -> None:
    """cairocffi: one stroked path per segment."""
    import cairocffi

    context = cairocffi.Context(cairocffi.ImageSurface(cairocffi.FORMAT_A8, SIDE, SIDE))
    context.set_line_cap(cairocffi.LINE_CAP_ROUND)
    for start, end, width in _segments(path, writer):
        context.set_line_width(width)
        context.move_to(*start)
        context.line_to(*end)
        context.stroke()


def _segments(path: Path, writer: Writer) -> list[tuple[list[float], list[float], float]]:
    points = (path.points - path.points.min(axis=0)) * min(writer.size, 100) + 10
    starts, ends = points[:-1][path.down].tolist(), points[1:][path.down].tolist()
    return list(zip(starts, ends, (path.width[1:][path.down] * writer.pen).tolist(), strict=True))


def seconds(work: Callable[..., object], items: list[tuple]) -> float | None:
    """Mean processor time per call (excludes other work on the machine); None if a package is missing."""
    try:
        work(*items[0])
        start = time.process_time()
        for item in items:
            work(*item)
        return (time.process_time() - start) / len(items)
    except ImportError:
        return None


def main() -> None:
    """Prints the table."""
    command_parser("benchmarks.strokes_speed", __doc__).parse_args()
    cv2.setNumThreads(1)
    chars = GB2312_LEVEL1[::EVERY]
    medians = load_medians(MEDIANS / "medians.jsonl", chars)
    skeletons = [build_skeleton(medians[char]) for char in chars]
    writers = [draw_writer(1, FIRST_WRITER + index) for index in range(len(chars))]
    seeds = [(1, FIRST_WRITER + index, ord(char)) for index, char in enumerate(chars)]
    draws = [Draws(len(skeleton.first), seed, 0) for skeleton, seed in zip(skeletons, seeds, strict=True)]
    hands = list(zip(skeletons, writers, draws, strict=True))
    paths = [(write_character(*item), item[1]) for item in hands]
    whole = seconds(draw_sample, [(*item, 0) for item in zip(skeletons, writers, seeds, strict=True)])
    rows = {
        "a sample (the stage)": whole,
        "  path of the pen": seconds(write_character, hands),
        "  drawing, OpenCV at four times the size (the project's)": (base := seconds(draw, paths)),
        "drawing, OpenCV antialiased": seconds(opencv_antialiased, paths),
        "drawing, skia-python": seconds(skia, paths),
        "drawing, cairocffi": seconds(cairo, paths),
    }
    table = Table("one process", "microseconds", "characters/s", "to the project's drawing")
    for name, value in rows.items():
        cells = ["not installed", "", ""]
        if value is not None and base is not None:
            cells = [f"{value * 1e6:,.0f}", f"{1 / value:,.0f}", f"{value / base:.2f}" if "drawing" in name else ""]
        table.add_row(name, *cells)
    Console().print(table)
    if whole is not None:
        print(f"a full-size corpus (3,755 x 300): {FULL_CORPUS * whole / 60:.0f} minutes of one core")


if __name__ == "__main__":
    main()
