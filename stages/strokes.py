"""Stage `strokes`: writes the embedded corpus of characters, synthetic handwriting in the format of CASIA-HWDB.

    python -m stages.strokes

Reads data/raw/medians and data/raw/faces; writes data/raw/strokes/<writer>-f.gnt, with writers numbered from 1001.
INK2EDGE_WORKERS sets the number of processes (default: one per core); the bytes do not depend on it. A core draws about
1,000 characters per second.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.files import atomic_directory
from pipeline.params import Strokes, load_params
from pipeline.processes import worker_count
from pipeline.progress import progress
from pipeline.synthesis.characters import write_corpus
from pipeline.synthesis.classes import corpus_chars
from pipeline.synthesis.hands.medians import load_medians, require
from pipeline.synthesis.repertoire import MEDIANS as COPYBOOK
from pipeline.synthesis.repertoire import Hand
from pipeline.synthesis.tracing.faces import FACES, chosen
from stages import run_stage
from stages.paths import HANDS, MEDIANS, STROKES


def load_hands(params: Strokes, medians: Path, faces: Path) -> tuple[dict[str, Hand], tuple[str, ...]]:
    """Loads the medians and the traced faces that `strokes.hands` names.

    Args:
        params: which hands and characters.
        medians: the medians file.
        faces: a folder per face, as stage `faces` writes them.

    Returns:
        The hands by name, the medians first, and the characters to write.

    Raises:
        InkError: a file is unreadable, or no hand has one of the characters.
    """
    copybook = load_medians(medians)
    hands = {COPYBOOK: Hand(0.0, copybook)} | {
        name: Hand(FACES[name].leaning, load_medians(faces / name / "strokes.jsonl"))
        for name in chosen(params.hands, "strokes.hands")
    }
    chars = corpus_chars(params.classes, copybook)
    require(chars, [hand.strokes for hand in hands.values()], medians)
    return hands, chars


def main() -> None:
    params = load_params().strokes
    hands, chars = load_hands(params, MEDIANS / "medians.jsonl", HANDS)
    with atomic_directory(STROKES) as partial:
        written = write_corpus(partial, hands, chars, params, worker_count())
        for _ in progress(written, total=params.writers, desc="strokes", unit="writers"):
            pass


if __name__ == "__main__":
    run_stage(main)
