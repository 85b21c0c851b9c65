"""Job `math-decode`: turns InkML and images with boxes into formulas on the canvas, in TFRecord, Parquet and COCO.

    run(params.math.decode, Output(...))

Up to 256 files of one folder are one unit of work. Every file is written, filtered or quarantined. The job filters a
file if a symbol is not in the class list, because its ink would train as background. It quarantines a file, with the
reason, if the file cannot be read or a symbol has no truth. Any runner with any number of workers writes the same
bytes. One process decodes about 200 files per second.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline.cards.subjects import MATH_DECODED
from pipeline.cards.terms import terms_of
from pipeline.cards.writing import write_cards
from pipeline.errors import InkError
from pipeline.files import atomic_directory, remove, write_json
from pipeline.formats.charset import write_class_list
from pipeline.formats.coco import write_coco, write_image_files, write_images
from pipeline.formats.formula import Formula, encode_formulas, formulas_table
from pipeline.formats.formulas import KINDS, PARAM, Drawn, Filtered, Rejected, Unit, read_unit, take_stock
from pipeline.formats.shards import shard_names
from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.formats.unpacking import Room
from pipeline.ink.canvas import Frame
from pipeline.inputs import absolute, check_there
from pipeline.jobs import shuffle
from pipeline.jobs.accounts import QUARANTINE, Account, Output, chunks, report_not_read, unchanging
from pipeline.jobs.job import Chunk, Found
from pipeline.jobs.receipts import Receipt, numbered
from pipeline.jobs.spills import check_complete
from pipeline.params import MathDecode

PART = "samples"
SPILL_ROWS = 1024
SHOWN_LABELS = 10  # largest number of labels in the warning about unknown labels
FILES_PER_SECOND = 200  # in one process; only for the estimate whether several processes are faster

logger = logging.getLogger(__name__)


def run(params: MathDecode, output: Output) -> dict[str, int | str]:
    """Decodes `params.source` and returns the metrics.

    Raises:
        InkError: no files to decode, a larger fraction of bad files than `params.max_bad_fraction`, no formula with
            only known symbols, or a source that changes during the run.
    """
    check_there(params.source, KINDS, PARAM)
    job = MathDecodeJob(params, absolute(params.source), output.refused)
    remove(output.refused)
    with atomic_directory(output.directory) as directory:
        with unchanging(params.source):
            outcome = shuffle.run(job, directory, "math-decode", QUARANTINE)
        unread = report_not_read(outcome.not_read, params.source, directory)
        _warn_of_unknown(outcome.receipt)
        check_complete(directory, job.shard_names, job.formats)
        metrics = job.account.metrics(outcome.receipt, directory)
        shards = [directory / "parquet" / f"{name}.parquet" for name in job.shard_names]
        (directory / "coco").mkdir()
        terms = terms_of(params.source)
        write_coco(directory / "coco" / f"{PART}.json", shards, CROHME_SYMBOLS, "all samples", terms.coco)
        if params.pictures == "files":
            write_image_files(directory / "coco" / "images", shards)
        else:
            write_images(directory / "coco" / "images.zip", shards)
        write_cards(directory, MATH_DECODED, (PART,), terms, outcome.checksums)
    write_class_list(output.classes, CROHME_SYMBOLS, symbols=True)
    counts, names = outcome.receipt.counts, outcome.receipt.names
    metrics |= {name: counts[name] for name in ("symbols", "dropped_symbols", "unreferenced_traces")}
    metrics["writers"] = len(names["writers"] - {""})
    metrics["classes"] = len(names["labels"])
    write_json(output.metrics, metrics | unread)
    logger.info("%(files)d files: %(written)d written, %(filtered)d filtered, %(quarantined)d quarantined", metrics)
    return metrics | unread


@dataclass(frozen=True)
class MathDecodeJob:
    """The work of the math-decode job, see `pipeline.jobs.job.Job`."""

    params: MathDecode
    source: str  # where its workers find it
    refused: Path  # gets the bad files of a refused run

    size_per_second = FILES_PER_SECOND

    @property
    def account(self) -> Account:
        """The account of files."""
        return Account("files", "math.decode", self.params.source, self.params.max_bad_fraction, self.refused)

    @property
    def shard_names(self) -> list[str]:
        """The shard names of the only part."""
        return shard_names(PART, self.params.shards)

    @property
    def formats(self) -> tuple[str, ...]:
        """The file formats of the shards."""
        return self.params.formats

    def moved(self, move: Callable[[str], str]) -> MathDecodeJob:
        """The same job with its source elsewhere."""
        return replace(self, source=move(self.source))

    def find(self, room: Room) -> Found:
        """Finds the files of the source, up to 256 of one folder in a unit."""
        units, not_read = take_stock(self.source, room)
        return Found([(unit, unit.files) for unit in units], not_read)

    def split(self, unit: Unit, room: Room) -> list[Unit]:
        """Splits nothing: units are small."""
        return [unit]

    def make(self, unit: Unit, number: int, piece: int) -> Iterator[Chunk | Receipt]:
        """Yields the formulas of one unit and the account of its files."""
        tally = _Tally()
        frame = Frame(self.params.height, self.params.width, self.params.symbol, self.params.pen)
        formulas = tally.counted(read_unit(unit, frame))
        yield from chunks(formulas, partial(formulas_table, classes=CROHME_SYMBOLS), SPILL_ROWS, self.params.shards)
        yield tally.receipt(number, piece)

    def settle(self, receipt: Receipt) -> None:
        """Raises InkError for too many bad files, or no formula of known symbols."""
        self.account.check(receipt)
        _check_written(receipt, self.params)

    def layout(self, table: pa.Table, settled: None) -> pa.Table:
        """The rows without their hashes."""
        return table.drop_columns("hash")

    def encode(self, batch: pa.RecordBatch) -> Iterable[bytes]:
        """Serialises formulas."""
        return encode_formulas(batch)


class _Tally:
    """Counts for one unit."""

    def __init__(self) -> None:
        names = ("files", "written", "filtered", "quarantined", "symbols", "dropped_symbols", "unreferenced_traces")
        self.counts = dict.fromkeys(names, 0)
        self._labels: set[str] = set()
        self._writers: set[str] = set()
        self._unknown: Counter[str] = Counter()
        self._defects: list[dict] = []

    def counted(self, outcomes: Iterable[Drawn | Filtered | Rejected]) -> Iterator[Formula]:
        """Counts all outcomes and yields the formulas."""
        for outcome in outcomes:
            self.counts["files"] += 1
            if isinstance(outcome, Rejected):
                self.counts["quarantined"] += 1
                self._defects.append(asdict(outcome))
            elif isinstance(outcome, Filtered):
                self.counts["filtered"] += 1
                self._unknown.update(outcome.labels)
            else:
                self._count(outcome)
                yield outcome.formula

    def _count(self, drawn: Drawn) -> None:
        self.counts["written"] += 1
        self.counts["symbols"] += len(drawn.formula.symbols)
        self.counts["dropped_symbols"] += drawn.dropped
        self.counts["unreferenced_traces"] += drawn.unreferenced
        self._labels.update(drawn.formula.symbols)
        self._writers.add(drawn.formula.writer)

    def receipt(self, number: int, piece: int) -> Receipt:
        """The account of the unit."""
        names = {"labels": self._labels, "writers": self._writers}
        return Receipt(Counter(self.counts), names, {"unknown": self._unknown}, numbered(self._defects, number, piece))


def _check_written(receipt: Receipt, params: MathDecode) -> None:
    if receipt.counts["written"]:
        return
    unknown = _unknown(receipt)
    raise InkError(
        f"{params.source}: expected formulas of CROHME's {len(CROHME_SYMBOLS)} symbols, found none among "
        f"{receipt.counts['files']} files ({receipt.counts['quarantined']} of them bad)"
        + (f"; symbols outside the class list: {unknown}; correct their spelling" if unknown else "")
    )


def _warn_of_unknown(receipt: Receipt) -> None:
    """Warns about symbols that are not in the class list."""
    if unknown := _unknown(receipt):
        files = receipt.counts["filtered"]
        logger.warning("%d files are left out because of symbols outside the class list: %s", files, unknown)


def _unknown(receipt: Receipt) -> str:
    """The most frequent symbols outside the class list, equal ones by name, for messages."""
    tally = receipt.tallies.get("unknown", Counter())
    most = sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_LABELS]
    return ", ".join(f"{label[:20]!r} ({count})" for label, count in most)
