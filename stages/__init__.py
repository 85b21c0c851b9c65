"""One thin script a DVC stage: read params, call the library, write outputs. Run as `python -m stages.<name>`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.command import run_command


def run_stage(main: Callable[[], None]) -> None:
    """Runs `main` as a stage, under the name of its file."""
    run_command(main, Path(main.__code__.co_filename).stem)
