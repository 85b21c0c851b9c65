"""Stage `decode`: converts `.gnt` archives to samples, see `pipeline.jobs.decode`.

    python -m stages.decode

Writes data/decoded/{tfrecord,parquet}, data/decoded/quarantine.jsonl, data/classes.txt, metrics/decode.json and the
cards of the data set, see `pipeline.cards`. The environment variable INK2EDGE_BEAM holds Beam options, see
`pipeline.jobs.runner`. HWDB1.1 takes minutes on 2 cores.
"""

from __future__ import annotations

from pipeline.jobs.decode import Output, run
from pipeline.params import load_params
from stages import run_stage
from stages.paths import CLASSES, DECODED, METRICS


def main() -> None:
    run(load_params().decode, Output(DECODED, CLASSES, METRICS / "decode.json"))


if __name__ == "__main__":
    run_stage(main)
