"""Stage `math-split`: splits formulas into training, validation and test parts, see `pipeline.jobs.math_split`.

    python -m stages.math_split

Reads data/math/decoded/parquet, writes data/math/splits/{tfrecord,parquet,coco}, metrics/math/split.json and the cards
of the data set, see `pipeline.cards`.
"""

from __future__ import annotations

from pipeline.jobs.math_split import Files, run
from pipeline.params import load_params
from stages import run_stage
from stages.paths import MATH_DECODED, MATH_METRICS, MATH_SPLITS


def main() -> None:
    run(load_params().math.split, Files(MATH_DECODED, MATH_SPLITS, MATH_METRICS / "split.json"))


if __name__ == "__main__":
    run_stage(main)
