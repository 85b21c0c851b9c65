"""Stage `source`: sees that the data which `decode` reads is there, or says what to do.

    python -m stages.source

DVC itself looks for `decode.source` before it runs `decode`, and fails with a bare path. In the temporary workspace
of `dvc exp run --temp` or `--queue` that path is not even the user's. This stage runs first. Writes data/source.txt.
"""

from __future__ import annotations

from pipeline.inputs import record_source
from pipeline.params import load_params
from stages import run_stage
from stages.paths import SOURCE


def main() -> None:
    record_source(load_params().decode.source, ".gnt", "decode.source", SOURCE)


if __name__ == "__main__":
    run_stage(main)
