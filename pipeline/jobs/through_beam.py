"""The shuffle through Beam's own `GroupByKey`, for workers that share nothing but a place for finished shards.

    Create(job) -> find units -> split -> make a piece -> (shard, encoded Arrow batch) -> GroupByKey -> publish a shard
                                            |                                                              ^
                                            +-> receipts, combined -> settle (accept or refuse) -----------+

Errors, receipts, defects and files that are not read are tagged outputs. Shards, defects and a summary are written
through Beam's file systems to a staging folder, under temporary names that are then renamed. This process copies the
shards to the output, compares their SHA-256 and deletes the staging folder. Each shard and each unit costs a constant
number of requests. A worker holds one piece of work or one shard in memory.

`pipeline.jobs.staging` describes the folder.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.metrics import Metrics
from apache_beam.pvalue import AsList, AsSingleton, TaggedOutput

from pipeline import stores
from pipeline.errors import InkError
from pipeline.formats.shards import FORMATS
from pipeline.jobs import runner
from pipeline.jobs.job import Job, Outcome, Verdict
from pipeline.jobs.receipts import Defect, Receipt
from pipeline.jobs.spills import by_shard, sorted_rows, write_shard
from pipeline.jobs.staging import Staging, Summary, Written

ERRORS, RECEIPTS, DEFECTS, SCHEMAS, NOT_READ = "errors", "receipts", "defects", "schemas", "not_read"  # tags
_LONG = 1e9  # seconds: the estimate of a job's duration matters only on this machine


@contextlib.contextmanager
def running(job: Job, directory: Path, desc: str) -> Iterator[Outcome]:
    """Runs a job to its end and yields the outcome; when the block ends, the shards are in `directory`.

    Raises:
        InkError: a step raised it, a worker was lost, or the staging folder cannot be used.
    """
    staging = Staging.begin(directory, desc)
    try:
        job = job.moved(lambda source: staging.seen_by_workers(source))
        total = len(job.shard_names)

        def progress() -> tuple[int, int]:
            with contextlib.suppress(InkError):  # a listing that fails must not fail the job
                return len(stores.list_blobs(staging.path("parquet"))), total
            return 0, total

        runner.run(ShuffleThroughBeam(job, staging), _LONG, progress, desc)
        summary = staging.summary()
        if summary.error is not None:
            raise summary.error
        checksums = {written.name: (written.size, written.sha256) for written in summary.written}
        yield Outcome(summary.receipt, summary.verdict, summary.not_read, staging.defects, checksums)
        for written in summary.written:
            target = directory / written.name
            target.parent.mkdir(exist_ok=True)
            stores.fetch(staging.path(written.name), target, written.size, written.sha256)
    except BaseException:
        with contextlib.suppress(InkError):  # must not hide the error; the next run of the stage deletes the folder
            staging.end()
        raise
    else:
        staging.end()


class ShuffleThroughBeam(beam.PTransform):
    """Takes a pipeline and writes the shards and a summary to the staging folder; see the module docstring."""

    def __init__(self, job: Job, staging: Staging) -> None:
        super().__init__()
        self.job, self.staging = job, staging

    def expand(self, input_or_inputs: Any) -> beam.PCollection:
        """Builds the Beam graph."""
        job, staging = self.job, self.staging
        found = input_or_inputs | "Source" >> beam.Create([None]) | _tagged("FindUnits", _Find(job, staging), NOT_READ)
        split = found["main"] | "SpreadUnits" >> beam.Reshuffle() | _tagged("SplitUnit", _Split(job, staging))
        made = (
            split["main"]
            | "SpreadPieces" >> beam.Reshuffle()
            | _tagged("MakePiece", _Make(job), RECEIPTS, DEFECTS, SCHEMAS)
        )
        receipt = made[RECEIPTS] | "MergeReceipts" >> beam.CombineGlobally(_Merge())
        early = _first("EarlyErrors", found[ERRORS], split[ERRORS], made[ERRORS])
        one = input_or_inputs | "Job" >> beam.Create([None])
        settling = {"receipt": AsSingleton(receipt), "error": AsSingleton(early)}
        verdict = AsSingleton(one | "Settle" >> beam.Map(_settle, job, **settling))
        schema = AsSingleton(made[SCHEMAS] | "Schema" >> beam.CombineGlobally(lambda found: min(found, default=b"")))
        shards = [(number, b"") for number in range(len(job.shard_names))]  # so that empty shards are written too
        empty = input_or_inputs | "Shards" >> beam.Create(shards, reshuffle=False)
        published = (
            (made["main"], empty)
            | "AllBatches" >> beam.Flatten()
            | "GroupByShard" >> beam.GroupByKey()
            | _tagged("PublishShard", _Publish(job, staging), verdict=verdict, schema=schema)
        )
        defects = (
            made[DEFECTS] | "GroupDefects" >> beam.GroupByKey() | "WriteDefects" >> beam.Map(_write_defects, staging)
        )
        late = _first("LateErrors", published[ERRORS])
        summing = settling | {"verdict": verdict, "late": AsSingleton(late)}
        lists = {"written": AsList(published["main"]), "not_read": AsList(found[NOT_READ]), "defects": AsList(defects)}
        return one | "Summarise" >> beam.Map(_summarise, staging, **summing, **lists)


def _tagged(label: str, step: beam.DoFn, *tags: str, **sides: Any) -> Any:
    return label >> beam.ParDo(step, **sides).with_outputs(ERRORS, *tags, main="main")


def _first(label: str, *errors: beam.PCollection) -> beam.PCollection[InkError | None]:
    """The first error by its message, so that a job with several errors reports the same one each time."""
    return errors | f"{label}All" >> beam.Flatten() | label >> beam.CombineGlobally(_least)


def _least(errors: Iterable[InkError | None]) -> InkError | None:
    return min((error for error in errors if error is not None), key=str, default=None)


def _errors_tagged(process: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Decorates a step: an `InkError` becomes a tagged output."""

    @functools.wraps(process)
    def tagged(*args: Any, **sides: Any) -> Iterator[Any]:
        try:
            yield from process(*args, **sides)
        except InkError as error:
            yield TaggedOutput(ERRORS, InkError(str(error)))

    return tagged


class _Find(beam.DoFn):
    def __init__(self, job: Job, staging: Staging) -> None:
        self.job, self.staging = job, staging

    @_errors_tagged
    def process(self, element: None) -> Iterator[Any]:
        found = self.job.find(self.staging.room())
        yield from enumerate(unit for unit, _ in found.units)
        yield from (TaggedOutput(NOT_READ, file) for file in found.not_read)


class _Split(beam.DoFn):
    def __init__(self, job: Job, staging: Staging) -> None:
        self.job, self.staging = job, staging

    @_errors_tagged
    def process(self, element: tuple[int, Any]) -> Iterator[tuple[int, int, Any]]:
        number, unit = element
        for place, piece in enumerate(self.job.split(unit, self.staging.room())):
            yield number, place, piece


class _Make(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self.job = job

    @_errors_tagged
    def process(self, element: tuple[int, int, Any]) -> Iterator[Any]:
        number, place, piece = element
        schema = b""
        for made in self.job.make(piece, number, place):
            if isinstance(made, Receipt):
                yield TaggedOutput(RECEIPTS, made)
                yield from (TaggedOutput(DEFECTS, ((number, place), defect)) for defect in made.defects)
                for name, count in made.counts.items():
                    Metrics.counter("ink2edge", name).inc(count)
            else:
                batches = by_shard(made.table, made.shards, len(self.job.shard_names))
                if not schema:
                    schema = made.table.schema.serialize().to_pybytes()
                    yield TaggedOutput(SCHEMAS, schema)
                yield from ((shard, _encode(batch)) for shard, batch in enumerate(batches) if batch.num_rows)


class _Merge(beam.CombineFn):
    def create_accumulator(self) -> Receipt:
        return Receipt()

    def add_input(self, accumulator: Receipt, element: Receipt) -> Receipt:
        accumulator.add(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Receipt]) -> Receipt:
        total = Receipt()
        for accumulator in accumulators:
            total.add(accumulator)
        return total

    def extract_output(self, accumulator: Receipt) -> Receipt:
        return accumulator


class _Publish(beam.DoFn):
    def __init__(self, job: Job, staging: Staging) -> None:
        self.job, self.staging = job, staging

    @_errors_tagged
    def process(self, element: tuple[int, Iterable[bytes]], verdict: Verdict, schema: bytes) -> Iterator[Written]:
        shard, encoded = element
        if not verdict.accepted:
            return
        empty = pa.ipc.read_schema(pa.py_buffer(schema)).empty_table()  # keeps the columns of a shard without rows
        table = self.job.layout(sorted_rows([empty, *(_decode(batch) for batch in encoded if batch)]), verdict.settled)
        name = self.job.shard_names[shard]
        with tempfile.TemporaryDirectory(prefix="ink2edge-") as folder:
            write_shard(Path(folder), name, table, self.job.encode, self.job.formats)
            for kind in FORMATS:
                for path in sorted(Path(folder, kind).glob("*")):
                    written = f"{kind}/{path.name}"
                    yield Written(written, *stores.upload(path, self.staging.path(written)))


def _settle(_: None, job: Job, receipt: Receipt, error: InkError | None) -> Verdict:
    return Verdict.of(job, receipt) if error is None else Verdict(False)


def _write_defects(element: tuple[tuple[int, int], Iterable[Defect]], staging: Staging) -> str:
    """Writes the defects of one piece of work."""
    (unit, place), defects = element
    lines = sorted(defects, key=lambda defect: defect.order)
    name = f"{unit:09d}-{place:06d}"
    staging.write_defects(name, lines)
    return name


def _summarise(
    _: None, staging: Staging, receipt: Receipt, error: InkError | None, verdict: Verdict, late: InkError | None,
    written: list[Written], not_read: list, defects: list[str],
) -> None:  # fmt: skip
    """Writes the summary, when everything else is written."""
    staging.write_summary(Summary(receipt, sorted(not_read), verdict, error or late, sorted(written)))


def _encode(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def _decode(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
