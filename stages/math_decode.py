"""Stage `math-decode`: converts InkML and pictures with boxes to formulas on the canvas.

    python -m stages.math_decode

Writes data/math/decoded/{tfrecord,parquet,coco}, data/math/decoded/quarantine.jsonl, data/math/classes.txt,
metrics/math/decode.json and the cards of the data set, see `pipeline.jobs.math_decode` and `pipeline.cards`. The
environment variable INK2EDGE_BEAM holds Beam options, see `pipeline.jobs.runner`. CROHME takes a minute.
"""

from __future__ import annotations

from pipeline.jobs.math_decode import Output, run
from pipeline.params import load_params
from stages import run_stage
from stages.paths import MATH_CLASSES, MATH_DECODED, MATH_METRICS


def main() -> None:
    run(load_params().math.decode, Output(MATH_DECODED, MATH_CLASSES, MATH_METRICS / "decode.json"))


if __name__ == "__main__":
    run_stage(main)
