"""The shape of both jobs: units of work are spilled, the result is settled, shards are written.

    Create(units)  -> make a unit (read, compute, spill, leave a receipt) -> barrier -> settle (all receipts)
    Create(shards) -> publish a shard, given what was settled

Only unit and shard numbers cross the stages; samples go through files in a scratch folder that every worker sees. Hence
a job holds no more than one spill chunk and one shard a worker in memory, and runs unchanged on a cluster with a shared
file system. Both steps may run twice for the same number, even at once: they write to names of their own and rename. A
worker that its cluster has given up for dead may still be at it when the job ends; the scratch folder is taken from it.
An `InkError` of any step goes through the scratch folder, too, and ends the job: Beam would make a traceback of it.
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

REFUSAL_BYTES = 4096  # room that is kept for the word of an error


class Job(Protocol):
    """What a job brings. It must pickle and hold absolute paths: workers may start elsewhere."""

    @property
    def scratch(self) -> Scratch:
        """Where workers write."""

    @property
    def shard_names(self) -> list[str]:
        """The names of all shards; their positions are the destinations of spills."""

    def make(self, number: int, unit: Any) -> dict[str, int]:
        """Spills a unit, leaves its receipt and returns counts, which become Beam counters."""

    def settle(self) -> Any:
        """Reads the receipts and returns what publishing needs, or None to publish nothing."""

    def publish(self, shard: int, settled: Any) -> None:
        """Writes one shard."""


@dataclass(frozen=True)
class Scratch:
    """The folder, below a job's output, where its workers leave spills, receipts and shards: all that they write."""

    directory: Path

    @classmethod
    def below(cls, output: Path) -> Scratch:
        """Makes one in the folder of the output.

        It has a name of its own: a cluster may still be at the job of a run that was killed, and that must not find it.
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
        """Leaves the account of a finished unit, which has spilled `receipt["chunks"]` chunks."""
        with renamed_when_done(self.directory / f"unit-{unit:06d}.json") as partial:
            partial.write_text(json.dumps(receipt), encoding="utf-8")

    def receipts(self) -> list[dict]:
        """The receipts of all finished units in the order of units."""
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

        From the first rename on, a worker that is still at it finds no place to write and nothing to rename. What it
        has half written then, `check_complete` removes.
        """
        closed = self.output / "closed"
        os.rename(self.directory, closed)
        for folder in FORMATS:
            if (closed / folder).exists():
                os.rename(closed / folder, self.output / folder)
        remove(closed)

    def refuse(self, error: InkError) -> None:
        """Leaves word of an error that ends the job, if there is none yet. Where that is impossible, raises it."""
        own = self.directory / f"refusal-{uuid.uuid4().hex}.txt"
        with contextlib.suppress(OSError):
            os.rename(self._reserve, own)
        taken = not own.exists()
        try:
            with open(os.open(own, os.O_WRONLY | os.O_CREAT), "wb") as file:  # which keeps the room that it has
                file.write(str(error).encode())
                file.truncate()
            with contextlib.suppress(FileExistsError):
                os.link(own, self._refusal)  # never half of it, and not in place of an earlier one
        except OSError as problem:
            if not (taken and is_full(problem)):  # else the worker that took the reserve tells of the same disk
                raise error from None

    def refusal(self) -> InkError | None:
        """An error that ends the job, if there was one."""
        return InkError(self._refusal.read_text(encoding="utf-8")) if self._refusal.exists() else None

    @property
    def _reserve(self) -> Path:
        """Room for a refusal, should the disk be full."""
        return self.directory / "refusal.reserve"

    @property
    def _refusal(self) -> Path:
        return self.directory / "refusal.txt"

    def _spill_path(self, unit: int, chunk: int) -> Path:
        return self.directory / f"unit-{unit:06d}-{chunk:04d}.arrow"


def run(job: Job, units: list[tuple[Any, int]], seconds: float, desc: str) -> list[dict]:
    """Runs a job to its end and returns the receipts of its units, in their order.

    Args:
        job: see `Job`. Its scratch folder is empty.
        units: the work, each with its size in any unit; runners get the largest first, which spreads it evenly.
        seconds: that the work would take in one process, roughly, see `runner.run`.
        desc: name of the progress bar.

    Raises:
        InkError: what a step raised, see `Job`; a worker was lost.
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
        raise AssertionError(f"{desc}: {len(receipts)} of {len(units)} files were worked on")
    scratch.deliver()
    return receipts


def total(receipts: Iterable[dict], name: str) -> int:
    """The sum of one count over receipts."""
    return sum(receipt[name] for receipt in receipts)


class ShuffleThroughFiles(beam.PTransform):
    """From a pipeline to the numbers of the published shards, see the module."""

    def __init__(self, job: Job, units: list[tuple[Any, int]]) -> None:
        super().__init__()
        self.job = job
        by_size = sorted(range(len(units)), key=lambda number: -units[number][1])
        self.units = [(number, units[number][0]) for number in by_size]

    def expand(self, input_or_inputs: Any) -> beam.PCollection[int]:
        """Builds the graph."""
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
        with _refusals(self.job) as go_on:
            if go_on:
                for name, count in self.job.make(number, unit).items():
                    Metrics.counter("ink2edge", name).inc(count)
        yield number


class _Publish(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Any], settled: Any) -> Iterable[int]:
        with _refusals(self.job) as go_on:
            if go_on and settled is not None:
                self.job.publish(element[0], settled)
        yield element[0]


def _settle(job: Job) -> Any:
    with _refusals(job) as go_on:
        return job.settle() if go_on else None


@contextlib.contextmanager
def _refusals(job: Job) -> Iterator[bool]:
    """Whether the job goes on; leaves word of an `InkError` of the block."""
    scratch = job.scratch
    try:
        yield not scratch.refusal()
    except InkError as error:
        scratch.refuse(error)
