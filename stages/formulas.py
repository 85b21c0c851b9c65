"""Stage `formulas`: writes the embedded corpus of the math branch, handwritten and printed formulas.

    python -m stages.formulas

Writes data/raw/formulas: handwriting as CROHME-style .inkml, one folder per writer, and photographs of typeset formulas
as .jpg with COCO annotations. INK2EDGE_WORKERS sets the number of processes (default: one per core); the bytes do not
depend on it. A core writes about 120 formulas or 45 photographs per second.
"""

from __future__ import annotations

from pipeline.files import atomic_directory
from pipeline.params import load_params
from pipeline.processes import worker_count
from pipeline.progress import progress
from pipeline.synthesis.formulas.corpus import write_formulas
from stages import run_stage
from stages.paths import FORMULAS, MATH_HANDS


def main() -> None:
    params = load_params().math.formulas
    with atomic_directory(FORMULAS) as partial:
        total = params.handwritten + params.printed
        with progress(total=total, desc="formulas", unit="formulas") as bar:
            for done in write_formulas(partial, params, worker_count(), MATH_HANDS):
                bar.update(done)


if __name__ == "__main__":
    run_stage(main)
