"""The structure of all jobs: workers spill units of work, the job settles the result, workers write shards.

    Create(units)  -> make a unit (read, compute, spill, leave a receipt) -> barrier -> settle (all receipts)
    Create(shards) -> publish a shard, given the settled result

Only unit and shard numbers pass between Beam steps; samples go through files in a scratch folder that every worker
sees. So each worker holds at most one spill chunk or one shard in memory, and a job runs unchanged on a cluster with a
shared file system. A step may run twice for the same number, even at the same time: it writes to a unique name and
renames. A worker that its cluster believes dead may still run when the job ends; the job then moves the scratch folder
away from it. An `InkError` in any step ends the job. It also goes through the scratch folder, because Beam would turn
it into a traceback.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.metrics import Metrics

from pipeline.errors import InkError
from pipeline.files import is_full, remove
from pipeline.formats.shards import FORMATS
from pipeline.jobs import runner
from pipeline.jobs.spills import renamed_when_done, spill

REFUSAL_BYTES = 4096  # reserved on disk for an error message


class Job(Protocol):
    """What a job defines. It must pickle and hold absolute paths: workers may start in another folder."""

    @property
    def scratch(self) -> Scratch:
        """The folder that workers write to."""

    @property
    def shard_names(self) -> list[str]:
        """The names of all shards; their positions are the destinations of spills."""

    def make(self, number: int, unit: Any) -> dict[str, int]:
        """Spills a unit, writes its receipt and returns counts, which become Beam counters."""

    def settle(self) -> Any:
        """Reads the receipts and returns the argument of `publish`, or None to publish nothing."""

    def publish(self, shard: int, settled: Any) -> None:
        """Writes one shard."""


@dataclass(frozen=True)
class Scratch:
    """The folder, below a job's output, that holds everything its workers write: spills, receipts and shards."""

    directory: Path

    @classmethod
    def below(cls, output: Path) -> Scratch:
        """Makes a scratch folder in the folder of the output.

        Its name is unique: a cluster may still work on the job of a killed run, which must not find this folder.
        """
        scratch = cls(output.absolute() / f"scratch-{uuid.uuid4().hex}")
        scratch.directory.mkdir()
        scratch._reserve.write_bytes(bytes(REFUSAL_BYTES))
        return scratch

    @property
    def output(self) -> Path:
        """The folder of the job's output."""
        return self.directory.parent

    def spill(self, unit: int, chunk: int, table: pa.Table, destinations: np.ndarray, count: int) -> None:
        """Spills one chunk of a unit, see `pipeline.jobs.spills.spill`."""
        spill(self._spill_path(unit, chunk), table, destinations, count)

    def leave_receipt(self, unit: int, receipt: dict) -> None:
        """Writes the receipt of a finished unit, which has spilled `receipt["chunks"]` chunks."""
        with renamed_when_done(self.directory / f"unit-{unit:06d}.json") as partial:
            partial.write_text(json.dumps(receipt), encoding="utf-8")

    def receipts(self) -> list[dict]:
        """The receipts of all finished units, in the order of units."""
        paths = sorted(self.directory.glob("unit-*.json"))
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]

    def spills(self) -> list[Path]:
        """All spills, in the order of units."""
        return [
            self._spill_path(unit, chunk)
            for unit, receipt in enumerate(self.receipts())
            for chunk in range(receipt["chunks"])
        ]

    def deliver(self) -> None:
        """Moves the shards to the job's output and removes the rest.

        After the first rename, a worker that still runs can neither write nor rename a file. `check_complete` removes
        its partial files.
        """
        closed = self.output / "closed"
        os.rename(self.directory, closed)
        for folder in FORMATS:
            if (closed / folder).exists():
                os.rename(closed / folder, self.output / folder)
        remove(closed)

    def refuse(self, error: InkError) -> None:
        """Records an error that ends the job, unless one is recorded already; raises it if it cannot be recorded."""
        own = self.directory / f"refusal-{uuid.uuid4().hex}.txt"
        with contextlib.suppress(OSError):
            os.rename(self._reserve, own)
        taken = not own.exists()
        try:
            with open(os.open(own, os.O_WRONLY | os.O_CREAT), "wb") as file:  # keeps the disk space of the reserve
                file.write(str(error).encode())
                file.truncate()
            with contextlib.suppress(FileExistsError):
                os.link(own, self._refusal)  # atomic, and never replaces an earlier error
        except OSError as problem:
            if not (taken and is_full(problem)):  # otherwise, the worker that took the reserve reports the full disk
                raise error from None

    def refusal(self) -> InkError | None:
        """The recorded error that ends the job; None if there is none."""
        return InkError(self._refusal.read_text(encoding="utf-8")) if self._refusal.exists() else None

    @property
    def _reserve(self) -> Path:
        """A file that reserves disk space for a refusal, in case the disk is full."""
        return self.directory / "refusal.reserve"

    @property
    def _refusal(self) -> Path:
        return self.directory / "refusal.txt"

    def _spill_path(self, unit: int, chunk: int) -> Path:
        return self.directory / f"unit-{unit:06d}-{chunk:04d}.arrow"


def run(job: Job, units: list[tuple[Any, int]], seconds: float, desc: str) -> list[dict]:
    """Runs a job to its end and returns the receipts of its units, in the order of `units`.

    Args:
        job: see `Job`. Its scratch folder is empty.
        units: the units of work, each with a relative size; runners get the largest first, to spread the load evenly.
        seconds: estimated duration in one process, see `runner.run`.
        desc: name of the progress bar.

    Raises:
        InkError: a step raised it, see `Job`; or a worker was lost.
    """
    scratch = job.scratch

    def progress() -> tuple[int, int]:
        done = sum(runner.count_files(scratch.directory, pattern) for pattern in ("unit-*.json", "parquet/*.parquet"))
        return done, len(units) + len(job.shard_names)

    runner.run(ShuffleThroughFiles(job, units), seconds, progress, desc)
    if refusal := scratch.refusal():
        raise refusal
    receipts = scratch.receipts()
    if len(receipts) != len(units):
        raise AssertionError(f"{desc}: expected the receipts of {len(units)} units, found {len(receipts)}")
    scratch.deliver()
    return receipts


def total(receipts: Iterable[dict], name: str) -> int:
    """The sum of one count over receipts."""
    return sum(receipt[name] for receipt in receipts)


class ShuffleThroughFiles(beam.PTransform):
    """Takes a pipeline and returns the numbers of the published shards; see the module docstring."""

    def __init__(self, job: Job, units: list[tuple[Any, int]]) -> None:
        super().__init__()
        self.job = job
        by_size = sorted(range(len(units)), key=lambda number: -units[number][1])
        self.units = [(number, units[number][0]) for number in by_size]

    def expand(self, input_or_inputs: Any) -> beam.PCollection[int]:
        """Builds the Beam graph."""
        job = self.job
        settled = (
            input_or_inputs
            | "Units" >> beam.Create(self.units, reshuffle=False)
            | "SpreadUnits" >> beam.GroupByKey()
            | "MakeUnit" >> beam.ParDo(_Make(job))
            | "AllUnits" >> beam.combiners.Count.Globally()
            | "Settle" >> beam.Map(lambda _: _settle(job))
        )
        shards = [(number, None) for number in range(len(job.shard_names))]
        return (
            input_or_inputs
            | "Shards" >> beam.Create(shards, reshuffle=False)
            | "SpreadShards" >> beam.GroupByKey()
            | "PublishShard" >> beam.ParDo(_Publish(job), settled=beam.pvalue.AsSingleton(settled))
        )


class _Make(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Iterable[Any]]) -> Iterable[int]:
        number, (unit,) = element
        with _refusals(self.job) as active:
            if active:
                for name, count in self.job.make(number, unit).items():
                    Metrics.counter("ink2edge", name).inc(count)
        yield number


class _Publish(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Any], settled: Any) -> Iterable[int]:
        with _refusals(self.job) as active:
            if active and settled is not None:
                self.job.publish(element[0], settled)
        yield element[0]


def _settle(job: Job) -> Any:
    with _refusals(job) as active:
        return job.settle() if active else None


@contextlib.contextmanager
def _refusals(job: Job) -> Iterator[bool]:
    """Yields whether the job is still active, i.e. has no refusal; records an `InkError` that the block raises."""
    scratch = job.scratch
    try:
        yield not scratch.refusal()
    except InkError as error:
        scratch.refuse(error)
