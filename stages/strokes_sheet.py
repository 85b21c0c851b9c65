"""Stage `strokes-sheet`: draws examples of the embedded corpus of characters, as networks see them.

    python -m stages.strokes_sheet

Reads data/raw/strokes; writes plots/corpus.png: the first characters of the first writers, one row per writer.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from pipeline.formats.gnt import GntRecord, read_gnt
from pipeline.ink.normalise import normalise
from pipeline.report.contact_sheet import write_sheet
from stages import run_stage
from stages.paths import CORPUS_SHEET, STROKES

WRITERS, CHARS = 10, 18  # on the sheet


def main() -> None:
    draw_sheet(sorted(STROKES.iterdir())[:WRITERS])


def draw_sheet(files: list[Path]) -> None:
    """Draws the first characters of each file, one row per file."""
    scans = [
        normalise(record.pixels)
        for path in files
        for record in itertools.islice(read_gnt(path.read_bytes()), CHARS)
        if isinstance(record, GntRecord)
    ]
    write_sheet(CORPUS_SHEET, np.stack(scans), columns=len(scans) // len(files))


if __name__ == "__main__":
    run_stage(main)
