"""Coverage-guided fuzzing of everything that reads files from elsewhere.

    python -m fuzz gnt --runs 100000    # one target: coco, gnt, images, inkml, models, params, tfrecord, zips
    make fuzz                           # all of them, a million executions each

A target is a module with two functions. `check(data)` holds the contract of a reader as assertions: whatever the bytes
are, it returns or the reader is wrong. `seeds()` makes the small good files that mutation starts from. What was once
found lies in `tests/regressions/<target>/` and runs through the same `check` in the test suite, which needs no atheris.
"""

from __future__ import annotations

from pathlib import Path

TARGETS = ("coco", "gnt", "images", "inkml", "models", "params", "tfrecord", "zips")
REGRESSIONS = Path(__file__).parents[1] / "tests" / "regressions"

# The bounds that each execution is held to.
SECONDS = 10
MEMORY_MB = 1024  # of the whole process; about 150 of them are the interpreter and its libraries
INPUT_BYTES = 1 << 14
