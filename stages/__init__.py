"""One thin script a DVC stage: read params, call the library, write outputs. Run as `python -m stages.<name>`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from pipeline.errors import InkError


def run_stage(main: Callable[[], None]) -> None:
    """Runs `main` as a stage: an `InkError` is printed without a traceback and ends the process with status 1.

    Log lines go to stderr with the stage's name. Anything but an `InkError` is a bug and keeps its traceback.
    """
    name = main.__globals__["__spec__"].name.rpartition(".")[2] if main.__globals__.get("__spec__") else main.__module__
    logging.basicConfig(level=logging.INFO, format=f"{name}: %(message)s", stream=sys.stderr)
    try:
        main()
    except InkError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{name}: stopped; nothing half-written is left, run it again", file=sys.stderr)
        sys.exit(130)
