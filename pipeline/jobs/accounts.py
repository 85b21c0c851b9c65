"""The account of a decode job: records in = written + filtered + quarantined, and what is too bad to go on with.

Each unit of work leaves a receipt with these counts and its `defects`, one dict a quarantined record: `file`, `offset`,
`reason` and what else the job tells.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.files import write_text
from pipeline.jobs.shuffle import Scratch, total
from pipeline.jobs.spills import hash64, shard_of

SHOWN_DEFECTS = 5  # in the message of a job that fails on too many


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
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in defects(receipts))


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
