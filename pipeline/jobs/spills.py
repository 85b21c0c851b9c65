"""Writes samples to shards whose bytes do not depend on the workers: hash, spill, gather, sort, write, rename.

The hash of a key decides the shard of a sample and its place in the shard. A worker that makes samples *spills* them
into Arrow files, one record batch per destination. The worker that writes a destination *gathers* its batches from all
spills and sorts them. No worker holds more than one spill chunk or one shard, and the result depends on neither the
order nor the number of workers. The module uses only two columns of a sample: `key` (string) and `hash` (uint64).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import InkError
from pipeline.files import removed_unless_done
from pipeline.formats.parquet import write_table
from pipeline.formats.shards import FORMATS
from pipeline.formats.tfrecord import encode_batch, write_records

HASH_BITS = 64
MAPPED_SPILLS = 1024  # Linux limits the maps of a process: vm.max_map_count is 65,530 by default
JOINED_BATCHES = 4096
_PARTIAL = ".partial-"


def hash64(data: bytes | str, salt: str = "") -> int:
    """A 64-bit hash (BLAKE2b) that is the same in every process and on every machine."""
    encoded = data.encode() if isinstance(data, str) else data
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8, key=salt.encode()).digest(), "big")


def shard_of(hashes: np.ndarray, shards: int) -> np.ndarray:
    """Shard of each hash: uint64 [n] to int64 [n]. Shard 0 takes the lowest hashes, the last shard the highest."""
    high = hashes >> np.uint64(32)  # 32 bits times the number of shards fits in 64 bits
    return (high * np.uint64(shards) >> np.uint64(32)).astype(np.int64)


def spill(path: Path, table: pa.Table, destinations: np.ndarray, count: int) -> None:
    """Writes the rows of `table` by destination (int [rows], 0 .. count - 1): one batch for each, even if empty."""
    with renamed_when_done(path) as partial, pa.ipc.new_file(partial, table.schema) as writer:
        for batch in by_shard(table, destinations, count):
            writer.write_batch(batch)


def by_shard(table: pa.Table, destinations: np.ndarray, count: int) -> Iterator[pa.RecordBatch]:
    """Yields the rows of each destination, 0 to `count` - 1, as one batch."""
    order = np.argsort(destinations, kind="stable")
    grouped = table.take(pa.array(order)).combine_chunks()
    bounds = np.searchsorted(destinations[order], np.arange(count + 1))
    (batch,) = grouped.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    for start, stop in itertools.pairwise(bounds):
        yield batch.slice(start, stop - start)


def gather(spills: Sequence[Path], destination: int) -> pa.Table:
    """The rows of one destination from all spills, sorted by (hash, key).

    The number of spills has no limit: one is open at a time, and at most `MAPPED_SPILLS` are mapped.

    Raises:
        InkError: two rows have the same key.
    """
    return sorted_rows(_joined(spills, destination))


def sorted_rows(tables: Iterable[pa.Table]) -> pa.Table:
    """The rows of all tables, sorted by (hash, key).

    Raises:
        InkError: two rows have the same key.
    """
    table = pa.concat_tables(tables)
    table = table.sort_by([("hash", "ascending"), ("key", "ascending")]).combine_chunks()
    keys = table["key"].to_pylist()
    for one, other in itertools.pairwise(keys):
        if one == other:
            raise InkError(f"two samples have the key {one!r}; expected unique keys, give the files different names")
    return table


def _joined(spills: Sequence[Path], destination: int) -> Iterator[pa.Table]:
    """Yields the rows of one destination in the order of the spills.

    Joins batches into a few tables, because each batch takes some kilobytes by itself. Up to `MAPPED_SPILLS` spills are
    mapped, which saves a copy. More are read, because a mapping lasts as long as its batch.
    """
    open_source = pa.memory_map if len(spills) <= MAPPED_SPILLS else pa.OSFile
    batches: list[pa.RecordBatch] = []
    for path in spills:
        with open_source(str(path)) as source, pa.ipc.open_file(source) as reader:
            batch = reader.get_batch(destination)
        if batch.num_rows or not batches:  # keeps the first batch for its schema, even if it is empty
            batches.append(batch)
        if len(batches) == JOINED_BATCHES:
            yield pa.Table.from_batches(batches).combine_chunks()
            batches = []
    if batches:
        yield pa.Table.from_batches(batches)


def write_shard(
    directory: Path,
    name: str,
    table: pa.Table,
    encode: Callable[[pa.RecordBatch], Iterable[bytes]] = encode_batch,
    formats: Sequence[str] = FORMATS,
) -> None:
    """Writes `directory`/parquet/`name`.parquet and `directory`/tfrecord/`name`.tfrecord with the same rows.

    Args:
        directory: folder of the data set; it must exist.
        name: name of the shard, see `pipeline.formats.shards.shard_name`.
        table: the rows in their Parquet layout, sorted.
        encode: turns rows into serialised `tf.train.Example`s; the default encodes HCCR samples.
        formats: the file formats to write.
    """
    for folder in formats:
        (directory / folder).mkdir(exist_ok=True)
    if "tfrecord" in formats:
        with renamed_when_done(directory / "tfrecord" / f"{name}.tfrecord") as partial:
            write_records(partial, itertools.chain.from_iterable(map(encode, table.to_batches(1024))))
    if "parquet" in formats:
        with renamed_when_done(directory / "parquet" / f"{name}.parquet") as partial:
            write_table(partial, table)


@contextlib.contextmanager
def renamed_when_done(path: Path) -> Iterator[Path]:
    """Yields a unique path to write to and renames it to `path` at the end, so that a Beam bundle may run twice."""
    partial = path.with_name(f"{path.name}{_PARTIAL}{uuid.uuid4().hex}")
    with removed_unless_done(partial, path):
        yield partial
        os.replace(partial, path)


def check_complete(directory: Path, names: Sequence[str], formats: Sequence[str] = FORMATS) -> None:
    """Removes partial files of killed workers from `directory` and checks that all files of every shard exist."""
    for folder in formats:
        for leftover in (directory / folder).glob(f"*{_PARTIAL}*"):
            leftover.unlink()
        found = {path.stem for path in (directory / folder).iterdir()}
        if found != set(names):
            raise AssertionError(f"{directory / folder}: missing or unexpected shards: {sorted(found ^ set(names))}")
