"""One thin script per DVC stage: read params, call the library, write outputs. Run as `python -m stages.<name>`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.command import command_parser, run_command


def run_stage(main: Callable[..., None], variants: Sequence[str] = ()) -> None:
    """Runs `main` as a stage, under the name of its file; `--help` prints the file's docstring.

    Args:
        main: of the stage. It takes the variant that the command line names, if there are `variants`.
        variants: the names that the command line may give.
    """
    name = Path(main.__code__.co_filename).stem
    parser = command_parser(f"stages.{name}", sys.modules[main.__module__].__doc__)
    if variants:
        parser.add_argument("variant", choices=variants, help="of the .tflite file, see pipeline/edge/variants.py")
    arguments = vars(parser.parse_args())
    run_command(lambda: main(*arguments.values()), name)
