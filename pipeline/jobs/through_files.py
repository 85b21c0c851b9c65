"""The shuffle through files: workers spill units of work, the job settles the result, workers write shards.

    Create(pieces) -> make a piece and spill it, leave a receipt -> barrier -> settle (all receipts, one at a time)
    Create(shards) -> publish a shard, given the settled result

Only numbers pass between Beam steps; rows go through files in a scratch folder below the output. So each worker holds
at most one spill chunk or one shard in memory. A step may run twice for the same number, even at the same time: it
writes to a unique name and renames. A worker that is believed dead may still run when the job ends; the job then moves
the scratch folder away from it. Errors also go through the scratch folder, because Beam would turn them into a
traceback.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from pipeline.errors import InkError
from pipeline.files import final_path, is_full, partial_path, read_json, remove
from pipeline.formats.shards import FORMATS
from pipeline.formats.unpacking import Room
from pipeline.jobs import runner
from pipeline.jobs.job import Job, Outcome, Verdict
from pipeline.jobs.receipts import Defect, Receipt, merged
from pipeline.jobs.spills import gather, renamed_when_done, spill, write_shard
from pipeline.stores import fingerprint

REFUSAL_BYTES = 4096  # reserved on disk for an error message


@dataclass(frozen=True)
class Scratch:
    """The folder, below a job's output, that holds everything its workers write: spills, receipts and shards."""

    directory: Path

    @classmethod
    def below(cls, output: Path) -> Scratch:
        """Makes a scratch folder in the folder of the output, under a unique name."""
        scratch = cls(output.absolute() / f"scratch-{uuid.uuid4().hex}")
        scratch.directory.mkdir()
        scratch._reserve.write_bytes(bytes(REFUSAL_BYTES))
        return scratch

    @property
    def output(self) -> Path:
        """The folder of the job's output."""
        return self.directory.parent

    def spill_path(self, number: int, chunk: int) -> Path:
        """The file of one chunk of a piece."""
        return self.directory / f"unit-{number:06d}-{chunk:04d}.arrow"

    def leave_receipt(self, number: int, chunks: int, receipt: Receipt) -> None:
        """Writes the receipt of a finished piece, which has spilled a number of chunks."""
        with renamed_when_done(self._receipt_path(number)) as partial:
            partial.write_text(json.dumps([chunks, receipt.to_json()]), encoding="utf-8")

    def receipts(self) -> Iterator[tuple[int, Receipt]]:
        """Yields chunks and receipt of all finished pieces, in their order."""
        for path in sorted(self.directory.glob("unit-*.receipt")):
            chunks, receipt = read_json(path)
            yield chunks, Receipt.from_json(receipt)

    def spills(self) -> list[Path]:
        """All spills, in the order of pieces."""
        counts = enumerate(chunks for chunks, _ in self.receipts())
        return [self.spill_path(number, chunk) for number, chunks in counts for chunk in range(chunks)]

    def leave_checksums(self, shard: int, names: Sequence[str]) -> None:
        """Hashes the files of a finished shard, here, where all workers share the work."""
        sums = {name: fingerprint(self.directory / name) for name in names}
        with renamed_when_done(self.directory / f"shard-{shard:06d}.sums") as partial:
            partial.write_text(json.dumps(sums), encoding="utf-8")

    def checksums(self) -> dict[str, tuple[int, str]]:
        """Size in bytes and SHA-256 of the files of all shards, by name."""
        sums = (read_json(path) for path in self.directory.glob("shard-*.sums"))
        return {name: (size, sha256) for shard in sums for name, (size, sha256) in shard.items()}

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
    def verdict(self) -> Path:
        """The file of the merged receipt and the verdict."""
        return self.directory / "verdict.json"

    @property
    def _reserve(self) -> Path:
        """A file that reserves disk space for a refusal, in case the disk is full."""
        return self.directory / "refusal.reserve"

    @property
    def _refusal(self) -> Path:
        return self.directory / "refusal.txt"

    def _receipt_path(self, number: int) -> Path:
        return self.directory / f"unit-{number:06d}.receipt"


@contextlib.contextmanager
def running(job: Job, directory: Path, desc: str) -> Iterator[Outcome]:
    """Runs a job to its end and yields the outcome; when the block ends, the shards are in `directory`.

    Raises:
        InkError: a step raised it, or a worker was lost.
    """
    with _temporary_room(directory) as room:
        found = job.find(room)
        pieces = list[tuple[int, int, Any, float]]()
        for number, (unit, size) in enumerate(found.units):
            parts = job.split(unit, room)
            pieces += [(number, place, piece, size / len(parts)) for place, piece in enumerate(parts)]
        scratch = Scratch.below(directory)

        def progress() -> tuple[int, int]:
            patterns = "unit-*.receipt", "parquet/*.parquet"
            done = sum(runner.count_files(scratch.directory, pattern) for pattern in patterns)
            return done, len(pieces) + len(job.shard_names)

        seconds = sum(size for _, size in found.units) / job.size_per_second
        runner.run(ShuffleThroughFiles(job, scratch, pieces), seconds, progress, desc)
        if refusal := scratch.refusal():
            raise refusal
        receipt, verdict = read_json(scratch.verdict)
        finished = sum(1 for _ in scratch.receipts())
        if finished != len(pieces):
            raise AssertionError(f"{desc}: expected the receipts of {len(pieces)} pieces of work, found {finished}")
        account, decision = Receipt.from_json(receipt), Verdict.from_json(verdict)
        yield Outcome(account, decision, found.not_read, lambda: _defects(scratch), scratch.checksums())
        scratch.deliver()


class ShuffleThroughFiles(beam.PTransform):
    """Takes a pipeline and returns the numbers of the published shards; see the module docstring."""

    def __init__(self, job: Job, scratch: Scratch, pieces: list[tuple[int, int, Any, float]]) -> None:
        super().__init__()
        self.job, self.scratch = job, scratch
        # The largest first, for an even load.
        numbers = sorted(range(len(pieces)), key=lambda number: -pieces[number][3])
        self.units = [(number, pieces[number][:3]) for number in numbers]

    def expand(self, input_or_inputs: Any) -> beam.PCollection[int]:
        """Builds the Beam graph."""
        job, scratch = self.job, self.scratch
        settled = (
            input_or_inputs
            | "Units" >> beam.Create(self.units, reshuffle=False)
            | "SpreadUnits" >> beam.GroupByKey()
            | "MakeUnit" >> beam.ParDo(_Make(job, scratch))
            | "AllUnits" >> beam.combiners.Count.Globally()
            | "Settle" >> beam.Map(lambda _: _settle(job, scratch))
        )
        shards = [(number, None) for number in range(len(job.shard_names))]
        return (
            input_or_inputs
            | "Shards" >> beam.Create(shards, reshuffle=False)
            | "SpreadShards" >> beam.GroupByKey()
            | "PublishShard" >> beam.ParDo(_Publish(job, scratch), settled=beam.pvalue.AsSingleton(settled))
        )


class _Make(beam.DoFn):
    def __init__(self, job: Job, scratch: Scratch) -> None:
        self.job, self.scratch = job, scratch

    def process(self, element: tuple[int, Iterable[tuple[int, int, Any]]]) -> Iterable[int]:
        number, (piece,) = element
        with _refusals(self.scratch) as active:
            if active:
                self._spill(number, *piece)
        yield number

    def _spill(self, number: int, unit: int, place: int, piece: Any) -> None:
        chunks, shards = 0, len(self.job.shard_names)
        for made in self.job.make(piece, unit, place):
            if isinstance(made, Receipt):
                self.scratch.leave_receipt(number, chunks, made)
                for name, count in made.counts.items():
                    Metrics.counter("ink2edge", name).inc(count)
            else:
                spill(self.scratch.spill_path(number, chunks), made.table, made.shards, shards)
                chunks += 1


class _Publish(beam.DoFn):
    def __init__(self, job: Job, scratch: Scratch) -> None:
        self.job, self.scratch = job, scratch

    def process(self, element: tuple[int, Any], settled: tuple[Any, list[Path]] | None) -> Iterable[int]:
        shard, _ = element
        with _refusals(self.scratch) as active:
            if active and settled is not None:
                result, spills = settled
                table = self.job.layout(gather(spills, shard), result)
                name = self.job.shard_names[shard]
                write_shard(self.scratch.directory, name, table, self.job.encode, self.job.formats)
                self.scratch.leave_checksums(shard, [f"{kind}/{name}.{kind}" for kind in self.job.formats])
        yield shard


def _settle(job: Job, scratch: Scratch) -> tuple[Any, list[Path]] | None:
    """Records the verdict; returns the settled result and the spills, or None to publish nothing."""
    with _refusals(scratch) as active:
        if active:
            receipt = merged(receipt for _, receipt in scratch.receipts())
            verdict = Verdict.of(job, receipt)
            with renamed_when_done(scratch.verdict) as partial:
                partial.write_text(json.dumps([receipt.to_json(), verdict.to_json()]), encoding="utf-8")
            return (verdict.settled, scratch.spills()) if verdict.accepted else None
    return None


def _defects(scratch: Scratch) -> Iterator[Defect]:
    for _, receipt in scratch.receipts():
        yield from receipt.defects


@contextlib.contextmanager
def _refusals(scratch: Scratch) -> Iterator[bool]:
    """Yields whether the job is still active, i.e. has no refusal; records an `InkError` that the block raises."""
    try:
        yield not scratch.refusal()
    except InkError as error:
        scratch.refuse(error)


@contextlib.contextmanager
def _temporary_room(directory: Path) -> Iterator[Room]:
    """Disk space for unpacked files in a folder next to the output. Removes it at the end."""
    folder = partial_path(directory.with_name(f"{final_path(directory).name}.unpacked"))
    remove(folder)  # a killed run may have left it
    try:
        yield Room(folder.absolute())
    finally:
        remove(folder)
