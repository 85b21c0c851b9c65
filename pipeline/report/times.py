"""Prints the times of all variants that the evaluations measured on this machine.

    python -m pipeline.report.times

Times are separate from reproducible results: `metrics/times` and `metrics/math/times` are in git, and
`dvc metrics show` lists them, but they are not outputs of a stage. So `dvc.lock` is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.command import command_parser, run_command
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError
from pipeline.report import tables

CHARACTERS, FORMULAS = Path("metrics/times"), Path("metrics/math/times")
HEADER = ("model", "1 thread, p50/p95 ms", "2 threads, p50/p95 ms", "CPU")
NONE = "–"


def rows(model: str, folder: Path, variants: Sequence[str]) -> list[list[str]]:
    """Rows under `HEADER`, one per variant.

    Args:
        model: name of the model in the first column.
        folder: folder of the times, one JSON file per variant.
        variants: names of the variants.

    Raises:
        InkError: the file of a variant is missing.
    """
    return [[f"{model}, {variant}", *_columns(_read(folder / f"{variant}.json"))] for variant in variants]


def _columns(times: dict[str, Any]) -> list[str]:
    return [*(_pair(times, suffix) for suffix in ("", "_2_threads")), times["cpu"]]


def _pair(times: dict[str, Any], suffix: str) -> str:
    if f"p50_ms{suffix}" not in times:
        return NONE
    return f"{times[f'p50_ms{suffix}']:.2f}/{times[f'p95_ms{suffix}']:.2f}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return files.read_json(path)
    except FileNotFoundError as error:
        raise InkError(f"{path}: expected times, found nothing; run `dvc repro`") from error


def main() -> None:
    """Prints the table."""
    command_parser("pipeline.report.times", __doc__).parse_args()
    run_command(_show, "times")


def _show() -> None:
    found = [*rows("characters", CHARACTERS, VARIANTS), *rows("formulas", FORMULAS, VARIANTS)]
    tables.show(HEADER, found, title="Latency of one picture under LiteRT")


if __name__ == "__main__":
    main()
