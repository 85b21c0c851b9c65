"""Accounts for all records of a decode job (records = written + filtered + quarantined) and limits bad records.

Each piece of work gives a receipt with these counts and its defects: one line per quarantined record with `file`,
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

from pipeline.files import write_text
from pipeline.formats.not_read import NotRead, lines
from pipeline.formats.tree import source_files
from pipeline.inputs import check_unchanged, stamps
from pipeline.jobs.job import Chunk
from pipeline.jobs.receipts import Receipt, TooManyBadError
from pipeline.jobs.spills import hash64, shard_of

QUARANTINE = "quarantine.jsonl"  # in the folder of the samples
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
    report: Path  # gets all bad records of a refused run

    def check(self, receipt: Receipt) -> None:
        """Checks the fraction of bad records.

        Raises:
            TooManyBadError: too many are bad.
        """
        bad, count = receipt.counts["quarantined"], receipt.counts[self.noun]
        if bad > self.max_bad_fraction * count:
            raise TooManyBadError(self._refusal([defect.line for defect in receipt.defects], bad, count), self.report)

    def metrics(self, receipt: Receipt, directory: Path) -> dict[str, int]:
        """Checks that no record was lost on the way to `directory`/parquet and returns the counts."""
        metrics = {name: receipt.counts[name] for name in (self.noun, "written", "filtered", "quarantined")}
        stored = sum(pq.read_metadata(path).num_rows for path in (directory / "parquet").iterdir())
        accounted = metrics["written"] + metrics["filtered"] + metrics["quarantined"]
        if accounted != metrics[self.noun] or stored != metrics["written"]:
            raise AssertionError(f"expected all {self.noun} in the counts, found {stored} stored and {metrics}")
        return metrics

    def _refusal(self, lines: list[dict], bad: int, count: int) -> str:
        first = "\n".join(f"  {line['file']}, offset {line['offset']}: {line['reason']}" for line in lines)
        needed = math.ceil(bad / count * 1e4) / 1e4
        return (
            f"{self.source}: {bad} of {count} {self.noun} are bad, a share of {bad / count:.2g}, and "
            f"{self.section}.max_bad_fraction allows {self.max_bad_fraction}; the first of them:\n{first}\n"
            f"{self.report} lists all of them. Correct or fetch these files again, or set "
            f"{self.section}.max_bad_fraction to {needed} to continue without the bad {self.noun}"
        )


@contextlib.contextmanager
def unchanging(source: str) -> Iterator[None]:
    """Context for reading a source.

    Raises:
        InkError: the source has changed, see `check_unchanged`. This error takes precedence over others that a changing
            source may cause.
    """
    before = stamps(source, source_files(source))
    try:
        yield
    finally:
        check_unchanged(source, before, source_files(source))


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


def chunks(rows: Iterator[Any], table: Callable[[list], pa.Table], size: int, shards: int) -> Iterator[Chunk]:
    """Yields rows in chunks; the hash of a key decides the shard.

    Args:
        rows: the rows.
        table: turns a list of rows into a table with a `key` column.
        size: number of rows per chunk.
        shards: number of shards.
    """
    while taken := list(itertools.islice(rows, size)):
        made = table(taken)
        hashes = np.fromiter((hash64(key) for key in made["key"].to_pylist()), np.uint64, len(made))
        yield Chunk(made.append_column("hash", pa.array(hashes)), shard_of(hashes, shards))
