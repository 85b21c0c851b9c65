"""How a command of this project ends: what the user can mend is a message, anything else a bug with its traceback."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from pipeline.errors import InkError


def run_command(main: Callable[[], None], name: str) -> None:
    """Runs `main`: an `InkError` is printed without a traceback and ends the process with status 1.

    Log lines of this project go to stderr after the command's name; of libraries, only their warnings. Anything but an
    `InkError` is a bug and keeps its traceback.
    """
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
