"""Stage `split`: splits decoded samples into training, validation and test parts, see `pipeline.jobs.split`.

    python -m stages.split

Reads data/decoded/parquet, writes data/splits/{tfrecord,parquet}, metrics/split.json and the cards of the data set, see
`pipeline.cards`.
"""

from __future__ import annotations

from pipeline.jobs.split import Files, run
from pipeline.params import load_params
from stages import run_stage
from stages.paths import DECODED, METRICS, SPLITS


def main() -> None:
    run(load_params().split, Files(DECODED, SPLITS, METRICS / "split.json"))


if __name__ == "__main__":
    run_stage(main)
