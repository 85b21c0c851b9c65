"""Job `decode`: turns `.gnt` archives into normalised samples in TFRecord and Parquet, and accounts for every record.

    run(params.decode, Output(...))

One `.gnt` file is one unit of work. Any runner with any number of workers writes the same bytes. Each worker holds one
spill chunk (16,384 samples, 20 MB) or one shard in memory; set `decode.shards` so that a shard has fewer than 100,000
samples.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline.errors import InkError
from pipeline.files import atomic_directory, remove, write_json, write_text
from pipeline.formats.charset import class_list, read_charset, write_class_list
from pipeline.formats.gnt import Defect
from pipeline.formats.parquet import COLUMNS, samples_table
from pipeline.formats.png import encode_png
from pipeline.formats.shards import shard_names
from pipeline.formats.sources import Unit, read_unit, take_stock
from pipeline.formats.tree import walk
from pipeline.formats.unpacking import Room
from pipeline.ink.normalise import BlankScanError, normalise
from pipeline.inputs import check_unchanged, stamps
from pipeline.jobs import shuffle
from pipeline.jobs.accounts import Account, Output, quarantine_lines, report_not_read, spill_all, temporary_room
from pipeline.jobs.shuffle import Scratch, total
from pipeline.jobs.spills import check_complete, gather, write_shard
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
    with temporary_room(output.directory) as room:
        return _run(params, output, room)


def _run(params: Decode, output: Output, room: Room) -> dict[str, int | str]:
    before = stamps(params.source, walk(Path(params.source)).files)
    units, not_read = take_stock(params.source, room)
    read_charset(params.charset)  # so that an unreadable file is an error before the work
    params = params.model_copy(update={"charset": str(Path(params.charset).absolute())})
    remove(output.refused)
    with atomic_directory(output.directory) as directory:
        job = DecodeJob(params, Scratch.below(directory))
        unread = report_not_read(not_read, params.source, directory)
        seconds = sum(unit.size for unit in units) / BYTES_PER_SECOND
        receipts = shuffle.run(job, [(unit, unit.size) for unit in units], seconds, "decode")
        check_unchanged(params.source, before, walk(Path(params.source)).files)
        job.account.check(receipts, output.refused)
        _check_written(receipts, params)
        check_complete(directory, job.shard_names)
        metrics = job.account.metrics(receipts, directory)
        classes = class_list(_chars(receipts), params.charset, params.classes)
        write_text(directory / "quarantine.jsonl", quarantine_lines(receipts))
    write_class_list(output.classes, classes)
    metrics["writers"] = len({receipt["writer"] for receipt in receipts if receipt["written"]} - {""})
    metrics["classes"] = len(classes)
    write_json(output.metrics, metrics | unread)
    logger.info("%(records)d records: %(written)d written, %(filtered)d filtered, %(quarantined)d quarantined", metrics)
    return metrics | unread


@dataclass(frozen=True)
class DecodeJob:
    """The work of the decode job, see `pipeline.jobs.shuffle.Job`."""

    params: Decode
    scratch: Scratch

    @property
    def account(self) -> Account:
        """The account of records."""
        return Account("records", "decode", self.params.source, self.params.max_bad_fraction)

    @property
    def shard_names(self) -> list[str]:
        """The shard names of the only part."""
        return shard_names(PART, self.params.shards)

    def make(self, number: int, unit: Unit) -> dict[str, int]:
        """Spills the samples of one file and writes a receipt that accounts for its records."""
        tally = _Tally()
        samples = _samples(unit, read_charset(self.params.charset), tally)
        table = partial(_spill_table, unit=unit)
        chunks = spill_all(samples, table, SPILL_ROWS, self.scratch, number, self.params.shards)
        defects = [{"file": unit.name, **asdict(defect)} for defect in tally.defects]
        chars = "".join(sorted(tally.chars))  # a list would take 40 times the memory when all receipts are read
        receipt = {"chunks": chunks, "writer": unit.writer, "chars": chars, "defects": defects}
        self.scratch.leave_receipt(number, tally.counts | receipt)
        return tally.counts

    def settle(self) -> tuple[tuple[str, ...], list[Path]] | None:
        """Returns the class list and the spills; None if the run must fail."""
        receipts = self.scratch.receipts()
        if not total(receipts, "written") or self.account.refuses(receipts):
            return None
        return class_list(_chars(receipts), self.params.charset, self.params.classes), self.scratch.spills()

    def publish(self, shard: int, settled: tuple[tuple[str, ...], list[Path]]) -> None:
        """Writes one shard in both file formats."""
        classes, spills = settled
        table = samples_table(gather(spills, shard), classes)
        write_shard(self.scratch.directory, self.shard_names[shard], table)


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


def _check_written(receipts: list[dict], params: Decode) -> None:
    records, bad = total(receipts, "records"), total(receipts, "quarantined")
    if not total(receipts, "written"):
        raise InkError(
            f"{params.source}: expected samples of charset {params.charset}, found none among {records} records "
            f"({bad} of them bad); set decode.charset to data/charsets/all.txt or to a list that matches the data"
        )


def _chars(receipts: list[dict]) -> set[str]:
    return {char for receipt in receipts for char in receipt["chars"]}
