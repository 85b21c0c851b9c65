"""One thin script per DVC stage: it reads params, calls the library and writes outputs.

Run a stage as `python -m stages.<name>`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.command import command_parser, run_command


def run_stage(main: Callable[..., None], variants: Sequence[str] = ()) -> None:
    """Runs `main` as a stage with the name of its file; `--help` prints the file's docstring.

    Args:
        main: function of the stage. It takes the variant from the command line if there are `variants`.
        variants: names that the command line accepts.
    """
    name = Path(main.__code__.co_filename).stem
    parser = command_parser(f"stages.{name}", sys.modules[main.__module__].__doc__)
    if variants:
        parser.add_argument("variant", choices=variants, help="of the .tflite file, see pipeline/edge/variants.py")
    arguments = vars(parser.parse_args())
    run_command(lambda: main(*arguments.values()), name)
