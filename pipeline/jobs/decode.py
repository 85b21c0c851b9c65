"""Job `decode`: turns `.gnt` archives into normalised samples in TFRecord and Parquet, and accounts for every record.

    run(params.decode, Output(...))

One `.gnt` file is one unit of work; a large one is split. Any runner with any number of workers writes the same bytes.
Each worker holds one spill chunk (16,384 samples, 20 MB) or one shard in memory; set `decode.shards` so that a shard
has fewer than 100,000 samples.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline.cards.subjects import DECODED
from pipeline.cards.terms import terms_of
from pipeline.cards.writing import write_cards
from pipeline.errors import InkError
from pipeline.files import atomic_directory, remove, write_json
from pipeline.formats.charset import Charset, class_list, read_charset, write_class_list
from pipeline.formats.gnt import Defect
from pipeline.formats.parquet import COLUMNS, samples_table
from pipeline.formats.png import encode_png
from pipeline.formats.shards import shard_names
from pipeline.formats.sources import GNT, PARAM, Unit, read_unit, split_unit, take_stock
from pipeline.formats.tfrecord import encode_batch
from pipeline.formats.unpacking import Room
from pipeline.ink.normalise import BlankScanError, normalise
from pipeline.inputs import absolute, check_there
from pipeline.jobs import shuffle
from pipeline.jobs.accounts import QUARANTINE, Account, Output, chunks, report_not_read, unchanging
from pipeline.jobs.job import Chunk, Found
from pipeline.jobs.receipts import Receipt, numbered
from pipeline.jobs.spills import check_complete
from pipeline.params import Decode

PART = "samples"
SPILL_ROWS = 16_384
BYTES_PER_SECOND = 40e6  # of `.gnt`, in one process; only for the estimate whether several processes are faster

logger = logging.getLogger(__name__)


def run(params: Decode, output: Output) -> dict[str, int | str]:
    """Decodes `params.source` and returns the metrics.

    Raises:
        InkError: no `.gnt` file, a larger fraction of bad records than `params.max_bad_fraction`, no sample of the
            charset, or a source that changes during the run.
    """
    check_there(params.source, f"{GNT} or .zip", PARAM)
    classes = class_list((), params.charset, "charset") if params.classes == "charset" else None
    allowed = read_charset(params.charset)
    job = DecodeJob(params, absolute(params.source), allowed, classes, output.refused)
    remove(output.refused)
    with atomic_directory(output.directory) as directory:
        with unchanging(params.source):
            outcome = shuffle.run(job, directory, "decode", QUARANTINE)
        unread = report_not_read(outcome.not_read, params.source, directory)
        check_complete(directory, job.shard_names, job.formats)
        metrics = job.account.metrics(outcome.receipt, directory)
        write_cards(directory, DECODED, (PART,), terms_of(params.source), outcome.checksums)
    write_class_list(output.classes, outcome.verdict.settled)
    metrics["writers"] = len(outcome.receipt.names["writers"] - {""})
    metrics["classes"] = len(outcome.verdict.settled)
    write_json(output.metrics, metrics | unread)
    logger.info("%(records)d records: %(written)d written, %(filtered)d filtered, %(quarantined)d quarantined", metrics)
    return metrics | unread


@dataclass(frozen=True)
class DecodeJob:
    """The work of the decode job, see `pipeline.jobs.job.Job`."""

    params: Decode
    source: str  # where its workers find it
    allowed: Charset  # read here, because workers may not see the file
    classes: tuple[str, ...] | None  # the class list; None: the characters that occur
    refused: Path  # gets the bad records of a refused run

    size_per_second = BYTES_PER_SECOND

    @property
    def account(self) -> Account:
        """The account of records."""
        return Account("records", "decode", self.params.source, self.params.max_bad_fraction, self.refused)

    @property
    def shard_names(self) -> list[str]:
        """The shard names of the only part."""
        return shard_names(PART, self.params.shards)

    @property
    def formats(self) -> tuple[str, ...]:
        """The file formats of the shards."""
        return self.params.formats

    def moved(self, move: Callable[[str], str]) -> DecodeJob:
        """The same job with its source elsewhere."""
        return replace(self, source=move(self.source))

    def find(self, room: Room) -> Found:
        """Finds the `.gnt` files of the source."""
        units, not_read = take_stock(self.source, room)
        return Found([(unit, unit.size) for unit in units], not_read)

    def split(self, unit: Unit, room: Room) -> list[Unit]:
        """Splits a large file at boundaries of records."""
        return split_unit(unit, room)

    def make(self, unit: Unit, number: int, piece: int) -> Iterator[Chunk | Receipt]:
        """Yields the samples of one file, or of a part, and the account of its records."""
        tally = _Tally()
        samples = _samples(unit, self.allowed, tally)
        yield from chunks(samples, partial(_spill_table, unit=unit), SPILL_ROWS, self.params.shards)
        lines = ({"file": unit.name, **asdict(defect)} for defect in tally.defects)
        names = {"chars": tally.chars, "writers": {unit.writer} if tally.written else set()}
        yield Receipt(Counter(tally.counts), names, {}, numbered(lines, number, piece))

    def settle(self, receipt: Receipt) -> tuple[str, ...]:
        """Returns the class list; raises InkError for too many bad records, or none of the charset."""
        self.account.check(receipt)
        _check_written(receipt, self.params)
        return self.classes or tuple(sorted(receipt.names["chars"]))

    def layout(self, table: pa.Table, settled: tuple[str, ...]) -> pa.Table:
        """The rows with their labels."""
        return samples_table(table, settled)

    def encode(self, batch: pa.RecordBatch) -> Iterable[bytes]:
        """Serialises samples."""
        return encode_batch(batch)


@dataclass
class _Tally:
    """Counts for one file."""

    records: int = 0
    written: int = 0
    filtered: int = 0
    chars: set[str] = field(default_factory=set)
    defects: list[Defect] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The counts for the metrics."""
        quarantined = len(self.defects)
        return {
            "records": self.records,
            "written": self.written,
            "filtered": self.filtered,
            "quarantined": quarantined,
        }


def _samples(unit: Unit, allowed: frozenset[str] | None, tally: _Tally) -> Iterator[tuple]:
    """Yields (key, char, width, height, image) for each good record of a unit; counts all records in `tally`."""
    prefix = unit.prefix
    for item in read_unit(unit):
        tally.records += 1
        if isinstance(item, Defect):
            tally.defects.append(item)
        elif allowed is not None and item.char not in allowed:
            tally.filtered += 1
        else:
            try:
                image = normalise(item.pixels)
            except BlankScanError as error:
                tally.defects.append(Defect(item.index, item.offset, str(error)))
                continue
            tally.written += 1
            tally.chars.add(item.char)
            yield f"{prefix}/{item.index:06d}", item.char, item.width, item.height, encode_png(image)


def _spill_table(rows: list[tuple], unit: Unit) -> pa.Table:
    keys, chars, widths, heights, images = zip(*rows, strict=True)
    writers = [unit.writer] * len(rows)
    columns = [keys, writers, chars, widths, heights, images]
    return pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, COLUMNS.types, strict=True)], schema=COLUMNS
    )


def _check_written(receipt: Receipt, params: Decode) -> None:
    records, bad = receipt.counts["records"], receipt.counts["quarantined"]
    if not receipt.counts["written"]:
        raise InkError(
            f"{params.source}: expected samples of charset {params.charset}, found none among {records} records "
            f"({bad} of them bad); set decode.charset to data/charsets/all.txt or to a list that matches the data"
        )
