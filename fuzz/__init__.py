"""Coverage-guided fuzzing of every reader of untrusted files.

    python -m fuzz gnt --runs 100000    # one target: archives, coco, gnt, images, inkml, models, params, tfrecord, zips
    make fuzz                           # all of them, a million executions each

A target is a module with two functions. `check(data)` asserts the contract of a reader: if it raises for any bytes, the
reader is wrong. `seeds()` makes small valid files, from which mutation starts. Inputs that once broke a reader are in
`tests/regressions/<target>/`; the test suite passes them to the same `check`, without atheris.
"""

from __future__ import annotations

from pathlib import Path

TARGETS = ("archives", "coco", "gnt", "images", "inkml", "models", "params", "tfrecord", "zips")
REGRESSIONS = Path(__file__).parents[1] / "tests" / "regressions"

# Limits of each execution.
SECONDS = 10
MEMORY_MB = 1024  # for the whole process; the interpreter and its libraries take about 150
INPUT_BYTES = 1 << 14
