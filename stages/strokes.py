"""Stage `strokes`: the embedded corpus, synthetic handwriting in the files of CASIA-HWDB.

    python -m stages.strokes

Reads data/raw/medians; writes data/raw/strokes/<writer>-f.gnt, writers from 1001 on, and plots/corpus.png, a sheet of
the first writers' first characters. INK2EDGE_WORKERS sets the number of processes (default: one a core); the bytes do
not depend on it. A core draws some 1,000 characters a second.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from pipeline.files import atomic_directory
from pipeline.formats.gnt import GntRecord, read_gnt
from pipeline.ink.normalise import normalise
from pipeline.params import load_params
from pipeline.processes import worker_count
from pipeline.progress import progress
from pipeline.report.contact_sheet import write_sheet
from pipeline.synthesis.characters import corpus_chars, write_corpus
from pipeline.synthesis.hands.medians import load_medians
from stages import run_stage
from stages.paths import CORPUS_SHEET, MEDIANS, STROKES

SHOWN_WRITERS, SHOWN_CHARS = 10, 18


def main() -> None:
    params = load_params().strokes
    medians = load_medians(MEDIANS / "medians.jsonl", corpus_chars(params.classes))
    with atomic_directory(STROKES) as partial:
        written = write_corpus(partial, medians, params, worker_count())
        for _ in progress(written, total=params.writers, desc="strokes", unit="writers"):
            pass
    draw_sheet(sorted(STROKES.iterdir())[:SHOWN_WRITERS])


def draw_sheet(files: list[Path]) -> None:
    """The first characters of each file, a row a writer."""
    scans = [
        normalise(record.pixels)
        for path in files
        for record in itertools.islice(read_gnt(path.read_bytes()), SHOWN_CHARS)
        if isinstance(record, GntRecord)
    ]
    write_sheet(CORPUS_SHEET, np.stack(scans), columns=len(scans) // len(files))


if __name__ == "__main__":
    run_stage(main)
