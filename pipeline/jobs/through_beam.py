"""The shuffle through Beam's own `GroupByKey`, for workers that share nothing but a place for finished shards.

    Create(job) -> find units -> split -> make a piece -> (shard, encoded Arrow batch) -> GroupByKey -> publish a shard
                                            |                                                              ^
                                            +-> receipts, combined -> settle (accept or refuse) -----------+

Errors, receipts, defects and files that are not read are tagged outputs. Shards, defects and a summary are written
through Beam's file systems to a staging folder, under temporary names that are then renamed. This process copies the
shards to the output, compares their SHA-256 and deletes the staging folder. Each shard and each unit costs a constant
number of requests. A worker holds one piece of work or one shard in memory.

INK2EDGE_STAGING names the folder: `s3://bucket/folder`, or a folder on a disk that all workers share. The default is
the folder of the output. Local inputs are copied to a remote staging folder, because workers may not see this disk.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.metrics import Metrics
from apache_beam.pvalue import AsList, AsSingleton, TaggedOutput

from pipeline import stores
from pipeline.errors import InkError
from pipeline.files import read_json, remove, write_json
from pipeline.formats.not_read import NotRead
from pipeline.formats.shards import FORMATS
from pipeline.formats.unpacking import Room
from pipeline.jobs import runner
from pipeline.jobs.receipts import Defect, Receipt, error_from_json, error_to_json
from pipeline.jobs.shuffle import Job, Outcome
from pipeline.jobs.spills import by_shard, sorted_rows, write_shard

VARIABLE = "INK2EDGE_STAGING"
SUMMARY = "summary.json"
ERRORS, RECEIPTS, DEFECTS, SCHEMAS, NOT_READ = "errors", "receipts", "defects", "schemas", "not_read"  # tags
_LONG = 1e9  # seconds: the estimate of a job's duration matters only on this machine


class Verdict(NamedTuple):
    """What `Job.settle` decided."""

    accepted: tuple[Any] | None  # its result, if it accepts the input
    refusal: InkError | None


class Written(NamedTuple):
    """A file that a worker wrote."""

    name: str  # relative to the staging folder
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Staging:
    """The folder where the workers of one run leave what they finish."""

    url: str
    record: Path  # a file beside the output that names the folder, until the folder is deleted

    @classmethod
    def begin(cls, output: Path, desc: str) -> Staging:
        """Chooses a unique folder, after deleting what a killed run of the same output left."""
        name = output.name.removesuffix(".partial")
        record = output.absolute().with_name(f"{name}.staging.json")
        if record.exists():
            stores.delete_below(read_json(record)["staging"])
        base = os.environ.get(VARIABLE) or str(output.absolute())
        if not stores.is_remote(base):
            base = str(Path(base).absolute())
        staging = cls(stores.join(base, f"ink2edge-{desc}-{uuid.uuid4().hex}"), record)
        write_json(record, {"staging": staging.url})
        return staging

    def path(self, *names: str) -> str:
        """The path of a file below the folder."""
        return stores.join(self.url, *names)

    def room(self) -> Room:
        """Space for unpacked files that all workers see."""
        return Room(store=self.path("unpacked"))

    def end(self) -> None:
        """Deletes the folder and its record."""
        stores.delete_below(self.url)
        remove(self.record)


@contextlib.contextmanager
def running(job: Job, directory: Path, desc: str) -> Iterator[Outcome]:
    """Runs a job to its end and yields the outcome; when the block ends, the shards are in `directory`.

    Raises:
        InkError: a step raised it, a worker was lost, or the staging folder cannot be used.
    """
    staging = Staging.begin(directory, desc)
    try:
        job = job.moved(lambda source: _seen_by_workers(source, staging))
        total = len(job.shard_names)

        def progress() -> tuple[int, int]:
            return len(stores.list_blobs(staging.path("parquet"))), total

        runner.run(ShuffleThroughBeam(job, staging), _LONG, progress, desc)
        with stores.local_copy(staging.path(SUMMARY)) as file:
            summary = Summary.from_json(json.loads(file.read()))
        if summary.error is not None:
            raise summary.error
        settled, refusal = summary.verdict
        yield Outcome(summary.receipt, settled and settled[0], summary.not_read, refusal, lambda: _defects(staging))
        for written in summary.written:
            target = directory / written.name
            target.parent.mkdir(exist_ok=True)
            stores.fetch(staging.path(written.name), target, written.size, written.sha256)
    finally:
        staging.end()


@dataclass(frozen=True)
class Summary:
    """What a job leaves besides its shards and defects."""

    receipt: Receipt
    not_read: list[NotRead]
    verdict: Verdict
    error: InkError | None
    written: list[Written]

    def to_json(self) -> dict:
        """The summary as a JSON value; data of a store are never unpickled."""
        accepted, refusal = self.verdict
        return {
            "receipt": self.receipt.to_json(),
            "not_read": self.not_read,
            "verdict": [accepted, error_to_json(refusal)],
            "error": error_to_json(self.error),
            "written": self.written,
        }

    @classmethod
    def from_json(cls, value: dict) -> Summary:
        """The summary that `to_json` described."""
        accepted, refusal = value["verdict"]
        return cls(
            Receipt.from_json(value["receipt"]),
            [NotRead(*file) for file in value["not_read"]],
            Verdict(accepted and (accepted[0],), error_from_json(refusal)),
            error_from_json(value["error"]),
            [Written(*written) for written in value["written"]],
        )


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
        if verdict.accepted is None:
            return
        (settled,) = verdict.accepted
        empty = pa.ipc.read_schema(pa.py_buffer(schema)).empty_table()  # keeps the columns of a shard without rows
        table = self.job.layout(sorted_rows([empty, *(_decode(batch) for batch in encoded if batch)]), settled)
        name = self.job.shard_names[shard]
        with tempfile.TemporaryDirectory(prefix="ink2edge-") as folder:
            write_shard(Path(folder), name, table, self.job.encode, self.job.formats)
            for kind in FORMATS:
                for path in sorted(Path(folder, kind).glob("*")):
                    written = f"{kind}/{path.name}"
                    yield Written(written, *stores.upload(path, self.staging.path(written)))


def _settle(_: None, job: Job, receipt: Receipt, error: InkError | None) -> Verdict:
    if error is not None:
        return Verdict(None, None)
    try:
        return Verdict((job.settle(receipt),), None)
    except InkError as refusal:
        return Verdict(None, refusal)


def _write_defects(element: tuple[tuple[int, int], Iterable[Defect]], staging: Staging) -> str:
    """Writes the defects of one piece of work."""
    (unit, place), defects = element
    lines = sorted(defects, key=lambda defect: defect.order)
    return _put(staging, f"defects/{unit:09d}-{place:06d}.json", json.dumps(lines).encode())


def _summarise(
    _: None, staging: Staging, receipt: Receipt, error: InkError | None, verdict: Verdict, late: InkError | None,
    written: list[Written], not_read: list, defects: list[str],
) -> None:  # fmt: skip
    """Writes the summary, when everything else is written."""
    summary = Summary(receipt, sorted(not_read), verdict, error or late, sorted(written))
    _put(staging, SUMMARY, json.dumps(summary.to_json()).encode())


def _put(staging: Staging, name: str, data: bytes) -> str:
    with tempfile.NamedTemporaryFile(prefix="ink2edge-") as file:
        file.write(data)
        file.flush()
        stores.upload(Path(file.name), staging.path(name))
    return name


def _defects(staging: Staging) -> Iterator[Defect]:
    for blob in stores.list_blobs(staging.path("defects")):
        with stores.local_copy(blob.path) as file:
            for order, line in json.loads(file.read()):
                yield Defect(tuple(order), line)


def _seen_by_workers(source: str, staging: Staging) -> str:
    """The path of an input for workers: copies a local one to a remote staging folder."""
    if stores.is_remote(source) or not stores.is_remote(staging.url):
        return source
    from pipeline.formats.tree import walk

    root = Path(source).absolute()
    base = root.parent if root.is_file() else root
    for path in walk(root).files:
        if path.is_file():
            stores.upload(path, staging.path("input", path.relative_to(base).as_posix()))
    return staging.path("input", root.name) if root.is_file() else staging.path("input")


def _encode(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def _decode(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()
