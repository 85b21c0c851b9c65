"""Starts and ends the commands of this project.

`--help` prints the module's docstring and every option. An error that the user can correct ends in a message without a
traceback.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from pipeline.errors import InkError


def command_parser(module: str, doc: str | None) -> argparse.ArgumentParser:
    """Returns the parser of `python -m MODULE`, without options.

    Args:
        module: dotted name of the module.
        doc: docstring of the module; `--help` prints it unchanged.
    """
    return argparse.ArgumentParser(
        prog=f"python -m {module}", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run_command(main: Callable[[], None], name: str) -> None:
    """Runs `main`. Prints an `InkError` without a traceback and exits with status 1.

    Log lines go to stderr after the command's name: all lines of this project, but only warnings of libraries. Any
    other exception is a bug and keeps its traceback.
    """
    logging.basicConfig(level=logging.WARNING, format=f"{name}: %(message)s", stream=sys.stderr)
    logging.getLogger("pipeline").setLevel(logging.INFO)
    try:
        main()
    except InkError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{name}: stopped; no output is half-written; run it again", file=sys.stderr)
        sys.exit(130)
