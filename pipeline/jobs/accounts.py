"""Accounts for all records of a decode job (records = written + filtered + quarantined) and limits bad records.

Each unit of work writes a receipt with these counts and its `defects`: one dict per quarantined record with `file`,
`offset`, `reason` and further keys of the job.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.files import partial_path, remove, write_text
from pipeline.formats.not_read import NotRead, lines
from pipeline.formats.unpacking import Room
from pipeline.jobs.shuffle import Scratch, total
from pipeline.jobs.spills import hash64, shard_of

SHOWN_DEFECTS = 5  # largest number of defects in the message about too many
SHOWN_NAMES = 5  # largest number of file names in one metric

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Output:
    """The paths that a decode job writes."""

    directory: Path
    classes: Path
    metrics: Path

    @property
    def refused(self) -> Path:
        """Path of the quarantine report if a run fails because of too many bad records."""
        return self.directory.with_name(f"{self.directory.name}.refused.jsonl")


@dataclass(frozen=True)
class Account:
    """The unit that a decode job counts, and the allowed fraction of bad ones."""

    noun: str  # plural name of the unit; also the key of its total in receipts
    section: str  # section of the job in the params
    source: str
    max_bad_fraction: float

    def refuses(self, receipts: list[dict]) -> bool:
        """Whether more than the allowed fraction are bad."""
        return total(receipts, "quarantined") > self.max_bad_fraction * total(receipts, self.noun)

    def check(self, receipts: list[dict], report: Path) -> None:
        """Checks the fraction of bad records; if it is too large, writes all of them to `report`.

        Raises:
            InkError: too many are bad.
        """
        if self.refuses(receipts):
            write_text(report, quarantine_lines(receipts))
            raise InkError(self._refusal(defects(receipts), total(receipts, self.noun), report))

    def metrics(self, receipts: list[dict], directory: Path) -> dict[str, int]:
        """Checks that no record was lost on the way to `directory`/parquet and returns the counts."""
        metrics = {name: total(receipts, name) for name in (self.noun, "written", "filtered", "quarantined")}
        stored = sum(pq.read_metadata(path).num_rows for path in (directory / "parquet").iterdir())
        accounted = metrics["written"] + metrics["filtered"] + metrics["quarantined"]
        if accounted != metrics[self.noun] or stored != metrics["written"]:
            raise AssertionError(f"expected all {self.noun} in the counts, found {stored} stored and {metrics}")
        return metrics

    def _refusal(self, lines: list[dict], count: int, report: Path) -> str:
        first = "\n".join(
            f"  {line['file']}, offset {line['offset']}: {line['reason']}" for line in lines[:SHOWN_DEFECTS]
        )
        needed = math.ceil(len(lines) / count * 1e4) / 1e4
        return (
            f"{self.source}: {len(lines)} of {count} {self.noun} are bad, a share of {len(lines) / count:.2g}, and "
            f"{self.section}.max_bad_fraction allows {self.max_bad_fraction}; the first of them:\n{first}\n"
            f"{report} lists all of them. Correct or fetch these files again, or set {self.section}.max_bad_fraction "
            f"to {needed} to continue without the bad {self.noun}"
        )


def defects(receipts: list[dict]) -> list[dict]:
    """All quarantined records, in the order of their files and offsets."""
    return [line for receipt in receipts for line in receipt["defects"]]


def quarantine_lines(receipts: list[dict]) -> str:
    """The quarantine report: one JSON object per line."""
    return _json_lines(defects(receipts))


@contextlib.contextmanager
def temporary_room(directory: Path) -> Iterator[Room]:
    """Disk space for unpacked files in a folder next to the output, which all workers see. Removes it at the end."""
    folder = partial_path(directory.with_name(f"{directory.name}.unpacked"))
    remove(folder)  # a killed run may have left it
    try:
        yield Room(folder.absolute())
    finally:
        remove(folder)


def report_not_read(files: list[NotRead], source: str, directory: Path) -> dict[str, int | str]:
    """Reports the files of a source that are not read: in the log, in `directory`/not_read.jsonl, and as metrics.

    Without such files, it writes no not_read.jsonl.

    Returns:
        `not_read`, the number of files whose data is not read at all, and `duplicates`, the number of files whose data
        is read from another file. If there are any, also the first names: `not_read_files`, `duplicate_files`.
    """
    lost, twice = [file for file in files if not file.same_as], [file for file in files if file.same_as]
    metrics: dict[str, int | str] = {"not_read": len(lost), "duplicates": len(twice)}
    for group, name, what in (
        (lost, "not_read_files", "files are not read"),
        (twice, "duplicate_files", "files are duplicates of others, which are read"),
    ):
        if group:
            metrics[name] = _shown([file.file for file in group])
            logger.warning("%s: %d %s:\n  %s", source, len(group), what, "\n  ".join(lines(group)))
    if files:
        rows = [{"file": f.file, "reason": f.reason} | ({"same_as": f.same_as} if f.same_as else {}) for f in files]
        write_text(directory / "not_read.jsonl", _json_lines(rows))
    return metrics


def _shown(names: list[str]) -> str:
    more = [f"{len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    return ", ".join([*names[:SHOWN_NAMES], *more])


def _json_lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def spill_all(
    rows: Iterator[Any], table: Callable[[list], pa.Table], chunk: int, scratch: Scratch, unit: int, shards: int
) -> int:
    """Spills rows by the hash of their keys.

    Args:
        rows: the rows.
        table: turns a list of rows into a table with a `key` column.
        chunk: number of rows per spill.
        scratch: the scratch folder.
        unit: number of the unit of work.
        shards: number of shards.

    Returns:
        The number of chunks.
    """
    chunks = 0
    while taken := list(itertools.islice(rows, chunk)):
        made = table(taken)
        hashes = np.fromiter((hash64(key) for key in made["key"].to_pylist()), np.uint64, len(made))
        spilled = made.append_column("hash", pa.array(hashes))
        scratch.spill(unit, chunks, spilled, shard_of(hashes, shards), shards)
        chunks += 1
    return chunks
