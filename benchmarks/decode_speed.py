"""Compares the decoding speed of the Beam job, a plain loop and a PyCasia-style dump on the same files.

    python -m benchmarks.decode_speed data/raw/casia        # folder, .gnt file or zip

`benchmarks.contenders` describes each of them; `benchmarks.full_scale` compares them on a corpus of the size of
HWDB1.1. On a busy machine, the CPU seconds, summed over all processes, are the most reliable column.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.contenders import Contender, decode_job, plain_loop, png_dump
from benchmarks.measuring import Measurement, measure
from pipeline.command import command_parser
from pipeline.processes import available_cores
from pipeline.report import tables

HEADER = ("", "processes", "records", "seconds", "records/s", "of plain loop", "CPU s", "of plain loop", "peak MB")


def measure_in_turn(
    contenders: list[tuple[str, Contender, int]], source: str, repeat: int
) -> dict[tuple[str, int], Measurement]:
    """The fastest of `repeat` runs of each contender, keyed by its name and its number of processes."""
    best: dict[tuple[str, int], Measurement] = {}
    for _ in range(repeat):
        for name, contender, processes in contenders:
            with tempfile.TemporaryDirectory() as folder:
                taken = measure(partial(contender, source, Path(folder), processes), Path(folder))
            key = name, processes
            best[key] = min(best.get(key, taken), taken, key=lambda one: one.seconds)
    return best


def row(name: str, processes: int, taken: Measurement, plain: Measurement) -> list[str]:
    """One row of the table, under `HEADER`."""
    cells = [f"{taken.records:,}", f"{taken.seconds:.1f}", f"{taken.records / taken.seconds:,.0f}"]
    cells += [f"{plain.seconds / taken.seconds:.0%}", f"{taken.cpu:.1f}", f"{taken.cpu / plain.cpu:.0%}"]
    return [name, str(processes), *cells, f"{taken.largest:.0f}"]


def main() -> None:
    """Prints the table."""
    parser = command_parser("benchmarks.decode_speed", __doc__)
    parser.add_argument("source", metavar="SOURCE", help="folder, .gnt file or zip")
    parser.add_argument(
        "--repeat",
        type=int,
        metavar="N",
        default=3,
        help="runs of each contender; the fastest counts (default: %(default)s)",
    )
    arguments = parser.parse_args()
    cores = available_cores()
    contenders: list[tuple[str, Contender, int]] = [
        ("plain loop", plain_loop, 1),
        ("PNG dump", png_dump, 1),
        ("decode job", decode_job, 1),
        ("plain loop", plain_loop, cores),
        ("decode job", decode_job, cores),
    ]
    best = measure_in_turn(contenders, arguments.source, arguments.repeat)
    rows = [row(*key, taken, best["plain loop", key[1]]) for key, taken in best.items()]
    tables.show(HEADER, rows, "peak MB: memory of the largest process")


if __name__ == "__main__":
    main()
