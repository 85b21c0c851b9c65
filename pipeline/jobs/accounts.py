"""The account of a decode job: records in = written + filtered + quarantined, and what is too bad to go on with.

Each unit of work leaves a receipt with these counts and its `defects`, one dict a quarantined record: `file`, `offset`,
`reason` and what else the job tells.
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

SHOWN_DEFECTS = 5  # in the message of a job that fails on too many
SHOWN_NAMES = 5  # of files in the metrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Output:
    """Where a decode job writes."""

    directory: Path
    classes: Path
    metrics: Path

    @property
    def refused(self) -> Path:
        """The quarantine report of a run that failed on too many bad records."""
        return self.directory.with_name(f"{self.directory.name}.refused.jsonl")


@dataclass(frozen=True)
class Account:
    """What a decode job counts, and how many of them may be bad."""

    noun: str  # of what is counted, plural; the receipts' key of their total
    section: str  # of the params
    source: str
    max_bad_fraction: float

    def refuses(self, receipts: list[dict]) -> bool:
        """Whether too many are bad."""
        return total(receipts, "quarantined") > self.max_bad_fraction * total(receipts, self.noun)

    def check(self, receipts: list[dict], report: Path) -> None:
        """Raises InkError when too many are bad, after writing all of them to `report`."""
        if self.refuses(receipts):
            write_text(report, quarantine_lines(receipts))
            raise InkError(self._refusal(defects(receipts), total(receipts, self.noun), report))

    def metrics(self, receipts: list[dict], directory: Path) -> dict[str, int]:
        """The counts, after seeing that none was lost on the way to `directory`/parquet."""
        metrics = {name: total(receipts, name) for name in (self.noun, "written", "filtered", "quarantined")}
        stored = sum(pq.read_metadata(path).num_rows for path in (directory / "parquet").iterdir())
        accounted = metrics["written"] + metrics["filtered"] + metrics["quarantined"]
        if accounted != metrics[self.noun] or stored != metrics["written"]:
            raise AssertionError(f"{self.noun} lost: {stored} stored, {metrics}")
        return metrics

    def _refusal(self, lines: list[dict], count: int, report: Path) -> str:
        first = "\n".join(
            f"  {line['file']}, offset {line['offset']}: {line['reason']}" for line in lines[:SHOWN_DEFECTS]
        )
        needed = math.ceil(len(lines) / count * 1e4) / 1e4
        return (
            f"{self.source}: {len(lines)} of {count} {self.noun} are bad, a share of {len(lines) / count:.2g}, and "
            f"{self.section}.max_bad_fraction allows {self.max_bad_fraction}; the first of them:\n{first}\n"
            f"All of them stand in {report}. Mend or fetch these files again, or set {self.section}.max_bad_fraction "
            f"to {needed} to go on without the bad {self.noun}"
        )


def defects(receipts: list[dict]) -> list[dict]:
    """All quarantined records, in the order of files and offsets."""
    return [line for receipt in receipts for line in receipt["defects"]]


def quarantine_lines(receipts: list[dict]) -> str:
    """The quarantine report: one JSON object a line."""
    return _json_lines(defects(receipts))


@contextlib.contextmanager
def room_beside(directory: Path) -> Iterator[Room]:
    """Room for what a job has to unpack, where all its workers see it: beside its output. It is removed at the end."""
    folder = partial_path(directory.with_name(f"{directory.name}.unpacked"))
    remove(folder)  # what a kill left
    try:
        yield Room(folder.absolute())
    finally:
        remove(folder)


def report_not_read(files: list[NotRead], source: str, directory: Path) -> dict[str, int | str]:
    """Names the files of a source that are not read: in the log, in `directory`/not_read.jsonl, and as metrics.

    Returns:
        `not_read`, the number of files whose data is not read at all, and `duplicates`, the number of those whose data
        is read from another place. If there are any, also the names of the first: `not_read_files`, `duplicate_files`.
        Without any, no file is written.
    """
    lost, twice = [file for file in files if not file.same_as], [file for file in files if file.same_as]
    metrics: dict[str, int | str] = {"not_read": len(lost), "duplicates": len(twice)}
    for group, name, what in (
        (lost, "not_read_files", "files are not read"),
        (twice, "duplicate_files", "files are there twice and are read once"),
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
    """Spills rows by the hash of their keys, `chunk` of them at a time, as the tables that `table` makes of them.

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
