"""Job `decode`: `.gnt` archives to normalised samples in TFRecord and Parquet, with every record accounted for.

    run(params.decode, Output(...))

One `.gnt` file is one unit of work. Outputs are the same bytes on any runner with any number of workers. Memory: one
spill chunk (16,384 samples, 20 MB) or one shard a worker; `decode.shards` should leave a shard below 100,000 samples.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.files import atomic_directory, remove, write_json, write_text
from pipeline.formats.charset import CHARSETS, allowed_chars, class_list, write_class_list
from pipeline.formats.gnt import Defect
from pipeline.formats.parquet import COLUMNS, samples_table
from pipeline.formats.png import encode_png
from pipeline.formats.shards import (
    check_complete,
    gather,
    hash64,
    shard_names,
    shard_of,
    write_shard,
)
from pipeline.formats.sources import Unit, expand, read_unit
from pipeline.ink.normalise import BlankScanError, normalise
from pipeline.jobs import shuffle
from pipeline.jobs.shuffle import Scratch, total
from pipeline.params import Decode

PART = "samples"
SPILL_ROWS = 16_384
SHOWN_DEFECTS = 5  # in the message of a job that fails on too many
BYTES_PER_SECOND = 40e6  # of `.gnt`, in one process; only to guess whether several pay

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Output:
    """Where the job writes."""

    directory: Path
    classes: Path
    metrics: Path

    @property
    def refused(self) -> Path:
        """The quarantine report of a run that failed on too many bad records."""
        return self.directory.with_name(f"{self.directory.name}.refused.jsonl")


def run(params: Decode, output: Output) -> dict[str, int]:
    """Decodes `params.source` and returns the metrics.

    Raises:
        InkError: nothing to decode, more bad records than `params.max_bad_fraction`, no sample of the charset.
    """
    units = expand(params.source)
    allowed_chars(params.charset)  # a class list that cannot be read is told of before the work, not after
    if params.charset not in CHARSETS:
        params = params.model_copy(update={"charset": str(Path(params.charset).absolute())})
    remove(output.refused)
    with atomic_directory(output.directory) as partial:
        job = DecodeJob(params, str(partial.absolute()))
        seconds = sum(unit.size for unit in units) / BYTES_PER_SECOND
        receipts = shuffle.run(job, [(unit, unit.size) for unit in units], seconds, "decode")
        _check_receipts(receipts, params, output)
        check_complete(partial, job.shard_names)
        metrics = _account(receipts, partial)
        classes = class_list(_chars(receipts), params.charset)
        write_text(partial / "quarantine.jsonl", _quarantine_lines(receipts))
    write_class_list(output.classes, classes)
    metrics["classes"] = len(classes)
    write_json(output.metrics, metrics)
    logger.info("%(records)d records: %(written)d written, %(filtered)d filtered, %(quarantined)d quarantined", metrics)
    return metrics


@dataclass(frozen=True)
class DecodeJob:
    """What workers do, see `pipeline.jobs.shuffle.Job`."""

    params: Decode
    directory: str

    @property
    def shard_names(self) -> list[str]:
        """Of the one part."""
        return shard_names(PART, self.params.shards)

    def make(self, number: int, unit: Unit) -> dict[str, int]:
        """Spills the samples of one file and leaves a receipt that accounts for its records."""
        tally, chunks = _Tally(), 0
        samples = _samples(unit, allowed_chars(self.params.charset), tally)
        while rows := list(itertools.islice(samples, SPILL_ROWS)):
            table = _spill_table(rows, unit)
            destinations = shard_of(table["hash"].to_numpy(), self.params.shards)
            Scratch(self.directory).spill(number, chunks, table, destinations, self.params.shards)
            chunks += 1
        defects = [{"file": unit.name, **asdict(defect)} for defect in tally.defects]
        receipt = {"chunks": chunks, "writer": unit.writer, "chars": sorted(tally.chars), "defects": defects}
        Scratch(self.directory).leave_receipt(number, tally.counts | receipt)
        return tally.counts

    def settle(self) -> tuple[tuple[str, ...], list[Path]] | None:
        """The class list and the spills; None when the run is to be refused."""
        receipts = Scratch(self.directory).receipts()
        if not total(receipts, "written") or _bad_fraction(receipts) > self.params.max_bad_fraction:
            return None
        return class_list(_chars(receipts), self.params.charset), Scratch(self.directory).spills()

    def publish(self, shard: int, settled: tuple[tuple[str, ...], list[Path]]) -> None:
        """Writes one shard in both formats."""
        classes, spills = settled
        write_shard(Path(self.directory), self.shard_names[shard], samples_table(gather(spills, shard), classes))


@dataclass
class _Tally:
    """The account of one file."""

    records: int = 0
    written: int = 0
    filtered: int = 0
    chars: set[str] = field(default_factory=set)
    defects: list[Defect] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """What goes into the metrics."""
        quarantined = len(self.defects)
        return {
            "records": self.records,
            "written": self.written,
            "filtered": self.filtered,
            "quarantined": quarantined,
        }


def _samples(unit: Unit, allowed: frozenset[str] | None, tally: _Tally) -> Iterator[tuple]:
    """Yields (key, char, width, height, image) of the good records of a unit."""
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
    table = pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, COLUMNS.types, strict=True)], schema=COLUMNS
    )
    hashes = np.fromiter((hash64(key) for key in keys), np.uint64, len(rows))
    return table.append_column("hash", pa.array(hashes))


def _check_receipts(receipts: list[dict], params: Decode, output: Output) -> None:
    """Raises InkError when there is nothing, or too much of it is bad."""
    records, bad = total(receipts, "records"), total(receipts, "quarantined")
    if _bad_fraction(receipts) > params.max_bad_fraction:
        write_text(output.refused, _quarantine_lines(receipts))
        raise InkError(_refusal(_defects(receipts), records, params, output.refused))
    if not total(receipts, "written"):
        raise InkError(
            f"{params.source}: expected samples of charset {params.charset}, found none among {records} records "
            f"({bad} of them bad); set decode.charset to `all` or to a class list that fits the data"
        )


def _refusal(defects: list[dict], records: int, params: Decode, report: Path) -> str:
    first = "\n".join(
        f"  {line['file']}, offset {line['offset']}: {line['reason']}" for line in defects[:SHOWN_DEFECTS]
    )
    needed = math.ceil(len(defects) / records * 1e4) / 1e4
    return (
        f"{params.source}: {len(defects)} of {records} records are bad, a share of {len(defects) / records:.2g}, and "
        f"decode.max_bad_fraction allows {params.max_bad_fraction}; the first of them:\n{first}\n"
        f"All of them stand in {report}. Mend or fetch these files again, or set decode.max_bad_fraction to {needed} "
        "to go on without the bad records"
    )


def _account(receipts: list[dict], directory: Path) -> dict[str, int]:
    """The metrics, after seeing that no record and no written sample was lost."""
    metrics = {name: total(receipts, name) for name in ("records", "written", "filtered", "quarantined")}
    stored = sum(pq.read_metadata(path).num_rows for path in (directory / "parquet").iterdir())
    accounted = metrics["written"] + metrics["filtered"] + metrics["quarantined"]
    if accounted != metrics["records"] or stored != metrics["written"]:
        raise AssertionError(f"records lost: {stored} stored, {metrics}")
    metrics["writers"] = len({receipt["writer"] for receipt in receipts if receipt["written"]} - {""})
    return metrics


def _bad_fraction(receipts: list[dict]) -> float:
    return total(receipts, "quarantined") / total(receipts, "records")


def _chars(receipts: list[dict]) -> set[str]:
    return {char for receipt in receipts for char in receipt["chars"]}


def _defects(receipts: list[dict]) -> list[dict]:
    """All quarantined records, in the order of files and offsets."""
    return [line for receipt in receipts for line in receipt["defects"]]


def _quarantine_lines(receipts: list[dict]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _defects(receipts))
