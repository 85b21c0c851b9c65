"""Stage `formulas-sheet`: draws examples of the embedded corpus of formulas.

    python -m stages.formulas_sheet

Reads data/raw/formulas; writes plots/math/formulas.png: handwriting of different writers above, photographs below.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from pipeline.formats.inkml import read_inkml
from pipeline.report.contact_sheet import write_sheet
from stages import run_stage
from stages.paths import FORMULAS, FORMULAS_SHEET

COLUMNS, ROWS = 4, 7  # of the sheet, per kind
CELL = 88, 340  # pixels, height and width
MARGIN = 4
HANDWRITTEN, PRINTED = "handwritten/*", "printed/*/*.jpg"  # folders and files that stage `formulas` writes


def main() -> None:
    draw_sheet(FORMULAS)


def draw_sheet(folder: Path) -> None:
    """Draws formulas of different writers above, photographs below."""
    writers = [sorted(writer.glob("*.inkml")) for writer in sorted(folder.glob(HANDWRITTEN))]
    written = [files[round_] for round_ in range(2) for files in writers if len(files) > round_][: COLUMNS * ROWS]
    printed = sorted(folder.glob(PRINTED))[: COLUMNS * ROWS]
    blank = np.zeros(CELL, np.uint8)
    cells = [draw_ink(read_inkml(path.read_bytes()).traces) for path in written]
    cells += [blank] * (-len(cells) % COLUMNS) + [shrink(path) for path in printed]
    write_sheet(FORMULAS_SHEET, np.stack(cells), COLUMNS)


def draw_ink(traces: list[np.ndarray]) -> np.ndarray:
    """Returns a formula as uint8 `CELL`, bright ink on black."""
    points = np.concatenate(traces)
    low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    room = np.array(CELL[::-1]) - 2 * MARGIN
    scale = (room / extent).min()
    offset = MARGIN + (room - extent * scale) / 2
    cell = np.zeros(CELL, np.uint8)
    for trace in traces:
        line = np.round(((trace - low) * scale + offset) * 16).astype(np.int32)
        cv2.polylines(cell, [line if len(line) > 1 else np.repeat(line, 2, axis=0)], False, 255, 1, cv2.LINE_AA, 4)
    return cell


def shrink(path: Path) -> np.ndarray:
    """Returns a photograph as uint8 `CELL`, inverted for `write_sheet`."""
    with Image.open(path) as file:
        picture = np.asarray(file.convert("L"))
    scale = min(CELL[0] / picture.shape[0], CELL[1] / picture.shape[1])
    size = max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)
    small = 255 - cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    cell = np.zeros(CELL, np.uint8)
    top, left = (CELL[0] - size[1]) // 2, (CELL[1] - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    return cell


if __name__ == "__main__":
    run_stage(main)
