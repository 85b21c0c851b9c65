"""Stage `math-source`: sees that the data which `math-decode` reads is there, or says what to do.

    python -m stages.math_source

DVC itself looks for `math.decode.source` before it runs `math-decode`, and fails with a bare path. In the temporary
workspace of `dvc exp run --temp` or `--queue` that path is not even the user's. This stage runs first. Writes
data/math/source.txt.
"""

from __future__ import annotations

from pipeline.inputs import record_source
from pipeline.params import load_params
from stages import run_stage
from stages.paths import MATH_SOURCE


def main() -> None:
    record_source(load_params().math.decode.source, ".inkml or annotations.json", "math.decode.source", MATH_SOURCE)


if __name__ == "__main__":
    run_stage(main)
