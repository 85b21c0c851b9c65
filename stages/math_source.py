"""Stage `math-source`: checks that the data of stage `math-decode` exist, or says what to do.

    python -m stages.math_source

If `math.decode.source` is missing, DVC prints only its path and does not start `math-decode`. In the temporary
workspace of `dvc exp run --temp` or `--queue`, even this path is unknown to the user. This stage therefore runs first.
Writes data/math/source.txt.
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
