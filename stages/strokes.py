"""Stage `strokes`: writes the embedded corpus of characters, synthetic handwriting in the format of CASIA-HWDB.

    python -m stages.strokes

Reads data/raw/medians; writes data/raw/strokes/<writer>-f.gnt, with writers numbered from 1001. INK2EDGE_WORKERS sets
the number of processes (default: one per core); the bytes do not depend on it. A core draws about 1,000 characters per
second.
"""

from __future__ import annotations

from pipeline.files import atomic_directory
from pipeline.params import load_params
from pipeline.processes import worker_count
from pipeline.progress import progress
from pipeline.synthesis.characters import corpus_chars, write_corpus
from pipeline.synthesis.hands.medians import load_medians
from stages import run_stage
from stages.paths import MEDIANS, STROKES


def main() -> None:
    params = load_params().strokes
    medians = load_medians(MEDIANS / "medians.jsonl", corpus_chars(params.classes))
    with atomic_directory(STROKES) as partial:
        written = write_corpus(partial, medians, params, worker_count())
        for _ in progress(written, total=params.writers, desc="strokes", unit="writers"):
            pass


if __name__ == "__main__":
    run_stage(main)
