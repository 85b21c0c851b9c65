"""How a command of this project starts and ends.

`--help` prints the module's docstring and every option. An error that the user can mend ends in a message, without a
traceback.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from pipeline.errors import InkError


def command_parser(module: str, doc: str | None) -> argparse.ArgumentParser:
    """The parser of `python -m MODULE`, without options.

    Args:
        module: its dotted name.
        doc: its docstring, printed as it is by `--help`.
    """
    return argparse.ArgumentParser(
        prog=f"python -m {module}", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


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
