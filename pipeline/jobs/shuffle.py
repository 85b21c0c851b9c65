"""The structure of all data jobs, and the choice between two shuffles that write the same bytes.

    find units -> split large units -> make (read, compute: chunks of rows and a receipt) -> shuffle -> publish shards
                                                         |                                                   ^
                                                         +-- all receipts merged -> settle (accept or refuse) +

On this machine, rows go through files (`pipeline.jobs.through_files`): that is fastest, and memory stays flat. With
INK2EDGE_BEAM, they go through Beam's own `GroupByKey` (`pipeline.jobs.through_beam`): workers need nothing in common
but a place for the finished shards, which INK2EDGE_STAGING names.

`settle` alone decides whether the job accepts its input. An `InkError` in any step ends the job with its message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from pipeline.errors import InkError
from pipeline.files import atomic_file
from pipeline.formats.not_read import NotRead
from pipeline.formats.unpacking import Room
from pipeline.jobs.receipts import Defect, Receipt, TooManyBadError


class Chunk(NamedTuple):
    """Rows on their way to their shards."""

    table: pa.Table  # with columns `key` and `hash`, see `pipeline.jobs.spills`
    shards: np.ndarray  # shard of each row, int64 [rows]


class Found(NamedTuple):
    """The work of a job."""

    units: list[tuple[Any, float]]  # each with its size; sizes add up to `Job.work`'s unit
    not_read: list[NotRead] = []  # noqa: RUF012


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


@dataclass(frozen=True)
class Outcome:
    """The result of a job that has run to its end."""

    receipt: Receipt
    settled: Any  # the result of `Job.settle`; None if it refused
    not_read: list[NotRead]
    refusal: InkError | None  # raised by `Job.settle`
    defects: Callable[[], Iterator[Defect]]  # all of them, in order


def run(job: Job, directory: Path, desc: str, quarantine: str = "") -> Outcome:
    """Runs a job and writes its shards to `directory`.

    Args:
        job: see `Job`.
        directory: an empty folder.
        desc: name of the job, for progress and staging.
        quarantine: name of a file in `directory` for the quarantined records; "" writes none.

    Raises:
        InkError: a step raised it, or a worker was lost. If too many records are bad, the report that the error names
            lists all of them.
    """
    from pipeline.jobs import runner, through_beam, through_files

    through = through_beam if runner.is_asked() else through_files
    with through.running(job, directory, desc) as outcome:
        if isinstance(outcome.refusal, TooManyBadError):
            _write_quarantine(outcome.refusal.report, outcome)
        if outcome.refusal is not None:
            raise outcome.refusal
        if quarantine:
            _write_quarantine(directory / quarantine, outcome)
    return outcome


def _write_quarantine(path: Path, outcome: Outcome) -> None:
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as file:
        for defect in outcome.defects():
            file.write(json.dumps(defect.line, ensure_ascii=False) + "\n")
