"""Splits decoded samples into training, validation and test parts, globally shuffled: the code of both split jobs.

One decoded shard is one unit of work. Each job defines `parts_of`, which returns the part of each sample. A seeded hash
of the key decides the place in the part, so any runner with any number of workers writes the same bytes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.formats.parquet import damage_reported
from pipeline.formats.shards import shard_names
from pipeline.formats.tfrecord import encode_batch
from pipeline.formats.unpacking import Room
from pipeline.jobs import shuffle
from pipeline.jobs.job import Chunk, Found, Outcome
from pipeline.jobs.receipts import Receipt
from pipeline.jobs.spills import HASH_BITS, check_complete, hash64, shard_of
from pipeline.stores import open_binary

PARTS = ("train", "validation", "test")
MOST_SHARDS = 1024  # per part: the largest value in params.yaml; also limits derived numbers
LEFT_OUT = -1  # instead of a part: the sample is left out
SPILL_ROWS = 16_384
SHOWN = 10  # largest number of classes or writers in a message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Files:
    """The paths that a split job reads and writes."""

    decoded: Path
    directory: Path
    metrics: Path

    def units(self, stage: str) -> list[Path]:
        """The decoded shards.

        Raises:
            InkError: there is none; the message names `stage`, which writes them.
        """
        units = sorted((self.decoded / "parquet").glob("*.parquet"))
        if not units:
            raise InkError(f"{self.decoded}/parquet: expected decoded samples, found none; run `dvc repro {stage}`")
        return units


def shard_counts(shards: int, shares: Sequence[float], samples: int) -> tuple[int, ...]:
    """Number of shards of each part, in the order of `PARTS`.

    The shards of all parts have about the same size. A part has at least one shard, at most `MOST_SHARDS`, and at most
    one per sample of the data set. Without these limits, a tiny training part would give the others a million shards.

    Args:
        shards: number of shards of the training part.
        shares: shares of the samples (or their numbers) per part; all are above 0.
        samples: number of samples in all parts.
    """
    most = max(min(MOST_SHARDS, samples), 1)
    others = [min(max(round(shards * share / shares[0]), 1), most) for share in shares[1:]]
    return (shards, *others)


@dataclass(frozen=True)
class PartsJob:
    """The work of a split job, see `pipeline.jobs.job.Job`."""

    units: tuple[str, ...]  # paths of the decoded shards
    shard_counts: tuple[int, ...]  # one per part
    seed: int
    parts_of: Callable[[pa.Table], np.ndarray]  # index in PARTS, or LEFT_OUT, of each row: int64 [rows]; it must pickle
    classes: str  # the column that holds the class of a sample, or a list of them
    formats: tuple[str, ...]
    size_per_second: float  # samples
    encode_rows: Callable[[pa.RecordBatch], Iterable[bytes]] = encode_batch

    @property
    def shard_names(self) -> list[str]:
        """The names of all shards, part after part."""
        return [name for part, count in zip(PARTS, self.shard_counts, strict=True) for name in shard_names(part, count)]

    def names_of(self, part: str) -> list[str]:
        """The shard names of one part."""
        return [name for name in self.shard_names if name.startswith(f"{part}-")]

    def moved(self, move: Callable[[str], str]) -> PartsJob:
        """The same job with its decoded shards elsewhere."""
        return replace(self, units=tuple(map(move, self.units)))

    def find(self, room: Room) -> Found:
        """The decoded shards."""
        return Found(list(zip(self.units, map(row_count, self.units), strict=True)), [])

    def split(self, unit: str, room: Room) -> list[str]:
        """Splits nothing: the decode job has made shards of about one size."""
        return [unit]

    def make(self, unit: str, number: int, piece: int) -> Iterator[Chunk | Receipt]:
        """Yields the samples of one decoded shard with the shards of their parts, and the account of the parts."""
        tallies = [_Tally() for _ in PARTS]
        for table in _tables(unit):
            parts = self.parts_of(table)
            names = _names(table, self.classes)
            for index, tally in enumerate(tallies):
                tally.add(names.filter(pa.array(parts == index)))
            kept = parts != LEFT_OUT
            table, parts = table.filter(pa.array(kept)), parts[kept]
            hashes = hashes_of(table["key"], f"shuffle-{self.seed}")
            destinations = self._destinations(parts, hashes)
            yield Chunk(table.append_column("hash", pa.array(hashes)), destinations)
        receipt = Receipt()
        for part, tally in zip(PARTS, tallies, strict=True):
            receipt.add(tally.receipt(part))
        yield receipt

    def settle(self, receipt: Receipt) -> None:
        """Accepts everything."""

    def layout(self, table: pa.Table, settled: None) -> pa.Table:
        """The rows without their hashes."""
        return table.drop_columns("hash")

    def encode(self, batch: pa.RecordBatch) -> Iterable[bytes]:
        """Serialises samples."""
        return self.encode_rows(batch)

    def run(self, directory: Path, desc: str) -> Outcome:
        """Runs the job and checks that all its shards are there."""
        outcome = shuffle.run(self, directory, desc)
        check_complete(directory, self.shard_names, self.formats)
        return outcome

    def _destinations(self, parts: np.ndarray, hashes: np.ndarray) -> np.ndarray:
        counts = np.array(self.shard_counts)
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return first[parts] + shard_of(hashes, counts[parts])


def row_count(shard: Path | str) -> int:
    """Number of samples in a shard.

    Raises:
        InkError: see `damage_reported`.
    """
    with damage_reported(shard), open_binary(str(shard)) as file:
        return pq.read_metadata(file).num_rows


def column_counts(shards: Iterable[Path], column: str) -> Counter[str]:
    """Number of occurrences of each value in a string column.

    Raises:
        InkError: see `damage_reported`.
    """
    counts: Counter[str] = Counter()
    for shard in shards:
        with damage_reported(shard):
            values = pc.value_counts(pq.read_table(shard, columns=[column])[column])
        counts.update({item["values"]: item["counts"] for item in values.to_pylist()})
    return counts


def hashes_of(values: pa.ChunkedArray, salt: str) -> np.ndarray:
    """Seeded hashes of a column of strings or bytes, uint64 [rows]."""
    return np.fromiter((hash64(value, salt) for value in values.to_pylist()), np.uint64, len(values))


def image_hashes(table: pa.Table, salt: str) -> np.ndarray:
    """Seeded hashes of the pictures, uint64 [rows]. Copies of one picture have the same hash, whatever their keys."""
    return hashes_of(pc.struct_field(table["image"], "bytes"), salt)


def rank_writers(writers: Iterable[str], seed: int) -> list[str]:
    """Writers sorted by a seeded hash: the order in which parts take them."""
    return sorted(writers, key=lambda writer: (hash64(writer, f"split-{seed}"), writer))


def deal_writers(ranked: list[str], test: Sequence[str], validation: float) -> dict[str, str]:
    """The part of each writer: `test` as given, a share of `validation` (at least one writer), training for the rest.

    Args:
        ranked: all writers, in their order.
        test: the writers of the test part.
        validation: share of all writers.
    """
    rest = [writer for writer in ranked if writer not in set(test)]
    count = max(round(validation * len(ranked)), 1)
    train, second = dict.fromkeys(rest[count:], "train"), dict.fromkeys(rest[:count], "validation")
    return train | second | dict.fromkeys(test, "test")


def parts_by_hash(hashes: np.ndarray, test: float, validation: float) -> np.ndarray:
    """Part of each hash, in the given fractions: uint64 [rows] to int64 [rows], indices in `PARTS`."""
    position = hashes / 2.0**HASH_BITS
    return np.select([position < test, position < test + validation], [2, 1], 0)


def empty_part(part: str, samples: int, section: str) -> InkError:
    """The error for a part without samples; `section` is the section in the params."""
    return InkError(f"the {part} part got none of {samples} samples; raise its share under `{section}` or bring more")


def account(receipt: Receipt, classes: Sequence[str], samples: int, section: str, joint: str) -> dict[str, int]:
    """Checks that no sample was lost and returns the metrics; warns if a part lacks classes.

    Args:
        receipt: account of the job.
        classes: the class list.
        samples: expected number of samples.
        section: section in the params, for messages.
        joint: separator of class names in the warning.

    Raises:
        InkError: a part has no sample.
    """
    metrics = {part: receipt.counts[part] for part in PARTS}
    if sum(metrics.values()) != samples:
        raise AssertionError(f"expected {samples} samples in all parts, found {metrics}")
    for part in PARTS:
        if not metrics[part]:
            raise empty_part(part, samples, section)
        metrics[f"writers_{part}"] = len(receipt.names[f"{part} writers"] - {""})
    for part in PARTS:
        found = receipt.names[f"{part} classes"]
        missing = [name for name in classes if name not in found]
        metrics[f"classes_missing_{part}"] = len(missing)
        if missing:
            shown = joint.join(missing[:SHOWN]) + ("…" if len(missing) > SHOWN else "")
            logger.warning(
                "%d of %d classes have no sample in the %s part: %s", len(missing), len(classes), part, shown
            )
    return metrics


class _Tally:
    """Counts of the samples of one part."""

    def __init__(self) -> None:
        self.samples = 0
        self.symbols = 0  # equals `samples`, unless each sample has a list of classes
        self.classes: set[str] = set()
        self.writers: set[str] = set()

    def add(self, names: pa.Table) -> None:
        self.samples += names.num_rows
        column = names["class"].combine_chunks()
        values = column.flatten() if pa.types.is_list(column.type) else column
        self.symbols += len(values)
        self.classes.update(pc.unique(values).to_pylist())
        self.writers.update(pc.unique(names["writer"]).to_pylist())

    def receipt(self, part: str) -> Receipt:
        counts = Counter({part: self.samples, f"{part} symbols": self.symbols})
        return Receipt(counts, {f"{part} classes": self.classes, f"{part} writers": self.writers})


def _tables(unit: str) -> Iterator[pa.Table]:
    with damage_reported(unit), open_binary(unit) as opened, pq.ParquetFile(opened) as file:
        for batch in file.iter_batches(SPILL_ROWS):
            yield pa.Table.from_batches([batch])


def _names(table: pa.Table, classes: str) -> pa.Table:
    return pa.table({"class": table[classes], "writer": table["writer"]})
