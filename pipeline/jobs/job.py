"""What a data job is: units of work, rows on their way to shards, receipts, and one decision.

    find units -> split large units -> make (read, compute: chunks of rows and a receipt) -> shuffle -> publish shards
                                                         |                                                   ^
                                                         +-- all receipts merged -> settle (accept or refuse) +

`pipeline.jobs.shuffle` runs a job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from pipeline.errors import InkError
from pipeline.formats.not_read import NotRead
from pipeline.formats.unpacking import Room
from pipeline.jobs.receipts import Defect, Receipt, error_from_json, error_to_json


class Chunk(NamedTuple):
    """Rows on their way to their shards."""

    table: pa.Table  # with columns `key` and `hash`, see `pipeline.jobs.spills`
    shards: np.ndarray  # shard of each row, int64 [rows]


class Found(NamedTuple):
    """The work of a job."""

    units: list[tuple[Any, float]]  # each with its size, in the measure of `Job.size_per_second`
    not_read: list[NotRead]  # files that are not read


class Job(Protocol):
    """What a job defines. It must pickle; paths that it holds must exist where its workers are."""

    @property
    def shard_names(self) -> list[str]:
        """The names of all shards; their positions are the destinations of rows."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The file formats of the shards, of `pipeline.formats.shards.FORMATS`."""

    @property
    def size_per_second(self) -> float:
        """How much of the units' size one process does per second; only to choose the number of processes."""

    def moved(self, move: Callable[[str], str]) -> Job:
        """The same job; `move` returns the new path of each input."""

    def find(self, room: Room) -> Found:
        """Finds the units of work, in a fixed order."""

    def split(self, unit: Any, room: Room) -> list[Any]:
        """Splits a large unit into pieces."""

    def make(self, unit: Any, number: int, piece: int) -> Iterator[Chunk | Receipt]:
        """Yields the rows of a piece in chunks, then one receipt."""

    def settle(self, receipt: Receipt) -> Any:
        """Accepts the input, given the merged receipt, and returns the argument of `layout`, a JSON value.

        Raises:
            InkError: the job refuses its input.
        """

    def layout(self, table: pa.Table, settled: Any) -> pa.Table:
        """The sorted rows of a shard in their file layout."""

    def encode(self, batch: pa.RecordBatch) -> Iterable[bytes]:
        """Serialises rows in their file layout as `tf.train.Example`s."""


class Verdict(NamedTuple):
    """The decision of `Job.settle`, taken once."""

    accepted: bool
    settled: Any = None  # its result
    refusal: InkError | None = None  # the error that it raised

    @classmethod
    def of(cls, job: Job, receipt: Receipt) -> Verdict:
        """Settles a job."""
        try:
            return cls(True, job.settle(receipt))
        except InkError as refusal:
            return cls(False, refusal=refusal)

    def to_json(self) -> list:
        """The verdict as a JSON value."""
        return [self.accepted, self.settled, error_to_json(self.refusal)]

    @classmethod
    def from_json(cls, value: list) -> Verdict:
        """The verdict that `to_json` described."""
        accepted, settled, refusal = value
        return cls(accepted, settled, error_from_json(refusal))


@dataclass(frozen=True)
class Outcome:
    """The result of a job that has run to its end."""

    receipt: Receipt
    verdict: Verdict
    not_read: list[NotRead]
    defects: Callable[[], Iterator[Defect]]  # all of them, in order
    checksums: dict[str, tuple[int, str]]  # size in bytes and SHA-256 of each file of each shard, by name
