"""One thin script a DVC stage: read params, call the library, write outputs. Run as `python -m stages.<name>`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import InkError


def run_stage(main: Callable[[], None]) -> None:
    """Runs `main` as a stage: an `InkError` is printed without a traceback and ends the process with status 1.

    Log lines of this project go to stderr after the stage's name; of libraries, only their warnings. Anything but an
    `InkError` is a bug and keeps its traceback.
    """
    name = Path(main.__code__.co_filename).stem
    logging.basicConfig(level=logging.WARNING, format=f"{name}: %(message)s", stream=sys.stderr)
    logging.getLogger("pipeline").setLevel(logging.INFO)
    try:
        main()
    except InkError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{name}: stopped; nothing half-written stands in place of an output, run it again", file=sys.stderr)
        sys.exit(130)
