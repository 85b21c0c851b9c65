"""Job `split`: decoded samples into training, validation and test parts, globally shuffled.

    run(params.split, Files(...))

One decoded shard is one unit of work. The part of a sample follows from its image or its writer, its place in the part
from its key, each through a seeded hash: the same bytes on any runner with any number of workers.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.files import atomic_directory, write_json
from pipeline.formats.parquet import read_classes
from pipeline.formats.shards import HASH_BITS, check_complete, gather, hash64, shard_names, shard_of, write_shard
from pipeline.jobs import shuffle
from pipeline.jobs.shuffle import Scratch, total
from pipeline.params import Split

PARTS = ("train", "validation", "test")
SPILL_ROWS = 16_384
SAMPLES_PER_SECOND = 30_000  # in one process; only to guess whether several pay
# Liu et al. 2011, "CASIA Online and Offline Chinese Handwriting Databases": the writers of HWDB1.1.
HWDB11_TRAIN = frozenset(str(writer) for writer in range(1001, 1241))
HWDB11_TEST = frozenset(str(writer) for writer in range(1241, 1301))
SHOWN = 10  # classes or writers in a message

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Files:
    """What the job reads and writes."""

    decoded: Path
    directory: Path
    metrics: Path


def run(params: Split, files: Files) -> dict[str, int]:
    """Splits the decoded samples and returns the metrics.

    Raises:
        InkError: no decoded samples, no or too few writers for a split by writer, a part without a sample.
    """
    units = sorted((files.decoded / "parquet").glob("*.parquet"))
    if not units:
        raise InkError(f"{files.decoded}/parquet: expected decoded samples, found none; run `dvc repro decode`")
    sizes = [pq.read_metadata(unit).num_rows for unit in units]
    writers = None if params.by == "sample" else assign_writers(_writers(units), params)
    with atomic_directory(files.directory) as partial:
        job = SplitJob(params, str(partial.absolute()), writers)
        work = [(str(unit.absolute()), size) for unit, size in zip(units, sizes, strict=True)]
        receipts = shuffle.run(job, work, sum(sizes) / SAMPLES_PER_SECOND, "split")
        metrics = _account(receipts, read_classes(units[0]), sum(sizes))
        check_complete(partial, job.shard_names)
    write_json(files.metrics, metrics)
    return metrics


def assign_writers(samples: dict[str, int], params: Split) -> dict[str, str]:
    """The part of each writer.

    `writer`: writers ranked by a seeded hash; the first go to the test part, the next to validation, in the fractions
    asked for, at least one each. `official`: the test writers of HWDB1.1, validation from its training writers.

    Args:
        samples: how many samples each writer has; "" stands for samples without one.
        params: see `Split`.

    Raises:
        InkError: samples without a writer, too few writers, or writers that HWDB1.1 does not have.
    """
    if "" in samples:
        raise InkError(
            f"split.by is {params.by!r}, but {samples['']} of {sum(samples.values())} samples have no writer: their "
            "file names hold none, as 1001-f.gnt does; set split.by to `sample` or name the files after their writers"
        )
    ranked = sorted(samples, key=lambda writer: (hash64(writer, f"split-{params.seed}"), writer))
    drawn = ranked[: max(round(params.test * len(ranked)), 1)]
    test = _official_test(ranked) if params.by == "official" else drawn
    rest = [writer for writer in ranked if writer not in set(test)]
    validation = rest[: max(round(params.validation * len(ranked)), 1)]
    if not test or len(rest) <= len(validation):
        raise InkError(
            f"split.by is {params.by!r}: expected at least one writer for each of {', '.join(PARTS)}, found "
            f"{len(ranked)} in all and {len(test)} for test; bring more writers or set split.by to `sample`"
        )
    return dict.fromkeys(rest, "train") | dict.fromkeys(validation, "validation") | dict.fromkeys(test, "test")


def _official_test(writers: list[str]) -> list[str]:
    strangers = sorted(set(writers) - HWDB11_TRAIN - HWDB11_TEST)
    if strangers:
        raise InkError(
            f"split.by is 'official': expected the writers 1001 to 1300 of HWDB1.1, found {len(strangers)} others "
            f"({', '.join(strangers[:SHOWN])}); set split.by to `writer` or take their files out of decode.source"
        )
    return [writer for writer in writers if writer in HWDB11_TEST]


@dataclass(frozen=True)
class SplitJob:
    """What workers do, see `pipeline.jobs.shuffle.Job`. `writers` holds their parts, None splits by sample."""

    params: Split
    directory: str
    writers: dict[str, str] | None

    @property
    def shard_counts(self) -> list[int]:
        """Shards of each part, as its share of the samples asks for."""
        train = 1 - self.params.test - self.params.validation
        shares = (train, self.params.validation, self.params.test)
        return [max(round(self.params.shards * share / train), 1) for share in shares]

    @property
    def shard_names(self) -> list[str]:
        """Part after part."""
        return [name for part, count in zip(PARTS, self.shard_counts, strict=True) for name in shard_names(part, count)]

    def make(self, number: int, unit: str) -> dict[str, int]:
        """Spills the samples of one decoded shard to the shards of their parts."""
        tallies = [_Tally() for _ in PARTS]
        chunks = 0
        with pq.ParquetFile(unit) as file:
            for batch in file.iter_batches(SPILL_ROWS):
                table = pa.Table.from_batches([batch])
                parts = self._parts(table)
                hashes = _hashes(table["key"], f"shuffle-{self.params.seed}")
                destinations = self._destinations(parts, hashes)
                table = table.append_column("hash", pa.array(hashes))
                Scratch(self.directory).spill(number, chunks, table, destinations, len(self.shard_names))
                chunks += 1
                names = table.select(["char", "writer"])
                for index, tally in enumerate(tallies):
                    tally.add(names.filter(pa.array(parts == index)))
        receipt = {part: tally.to_json() for part, tally in zip(PARTS, tallies, strict=True)}
        counts = {part: tally.samples for part, tally in zip(PARTS, tallies, strict=True)}
        Scratch(self.directory).leave_receipt(number, {"chunks": chunks, "parts": receipt, **counts})
        return counts

    def settle(self) -> list[Path] | None:
        """The spills."""
        return Scratch(self.directory).spills()

    def publish(self, shard: int, settled: list[Path]) -> None:
        """Writes one shard in both formats."""
        table = gather(settled, shard).drop_columns("hash")
        write_shard(Path(self.directory), self.shard_names[shard], table)

    def _parts(self, table: pa.Table) -> np.ndarray:
        """Index of the part of each row, int64 [rows]."""
        if self.writers is not None:
            return np.array([PARTS.index(self.writers[writer]) for writer in table["writer"].to_pylist()])
        # From the picture, not the key: copies of one picture must not straddle two parts.
        images = pc.struct_field(table["image"], "bytes")
        position = _hashes(images, f"split-{self.params.seed}") / 2.0**HASH_BITS
        test, validation = self.params.test, self.params.validation
        return np.select([position < test, position < test + validation], [2, 1], 0)

    def _destinations(self, parts: np.ndarray, hashes: np.ndarray) -> np.ndarray:
        counts = np.array(self.shard_counts)
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return first[parts] + shard_of(hashes, counts[parts])


class _Tally:
    """What a part got."""

    def __init__(self) -> None:
        self.samples = 0
        self.chars: set[str] = set()
        self.writers: set[str] = set()

    def add(self, table: pa.Table) -> None:
        self.samples += table.num_rows
        self.chars.update(pc.unique(table["char"]).to_pylist())
        self.writers.update(pc.unique(table["writer"]).to_pylist())

    def to_json(self) -> dict[str, list[str]]:
        return {"chars": sorted(self.chars), "writers": sorted(self.writers)}


def _hashes(values: pa.ChunkedArray, salt: str) -> np.ndarray:
    return np.fromiter((hash64(value, salt) for value in values.to_pylist()), np.uint64, len(values))


def _writers(units: list[Path]) -> dict[str, int]:
    """Samples of each writer."""
    counts = pc.value_counts(pq.read_table(units, columns=["writer"])["writer"])
    return {item["values"]: item["counts"] for item in counts.to_pylist()}


def _account(receipts: list[dict], classes: list[str], samples: int) -> dict[str, int]:
    """The metrics, after seeing that no sample was lost; warns of classes that a part lacks."""
    metrics = {part: total(receipts, part) for part in PARTS}
    if sum(metrics.values()) != samples:
        raise AssertionError(f"samples lost: {samples} decoded, {metrics}")
    for part in PARTS:
        if not metrics[part]:
            raise InkError(
                f"the {part} part got none of {samples} samples; raise its share under `split` or bring more"
            )
        metrics[f"writers_{part}"] = len({w for receipt in receipts for w in receipt["parts"][part]["writers"]} - {""})
    for part in PARTS:
        found = {char for receipt in receipts for char in receipt["parts"][part]["chars"]}
        missing = [char for char in classes if char not in found]
        metrics[f"classes_missing_{part}"] = len(missing)
        if missing:
            shown = "".join(missing[:SHOWN]) + ("…" if len(missing) > SHOWN else "")
            logger.warning(
                "%d of %d classes have no sample in the %s part: %s", len(missing), len(classes), part, shown
            )
    return metrics
