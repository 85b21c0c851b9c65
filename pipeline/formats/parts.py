"""Streams the samples of one part of a split from its Parquet shards; memory does not grow with the corpus.

part = SamplePart("data/splits", "test")
for images, labels in evaluation_batches(part, batch_size=32): ...
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ahead import ahead
from pipeline.errors import InkError
from pipeline.formats.parquet import read_classes
from pipeline.formats.png import decode_png
from pipeline.formats.shards import part_shards, shards_digest

# Images are shuffled within a window of whole row groups, drawn at random from all shards. The split has already
# shuffled the shards, so a small window is enough.
SHUFFLE_WINDOW_ROWS = 8192

Batch = tuple[np.ndarray, np.ndarray]
"""Images, float32 `[batch, 56, 56, 1]` from 0 to 255, and labels, int32 `[batch]`."""


class SamplePart:
    """One part of a split (`train`, `validation` or `test`) on disk.

    Args:
        directory: folder of the split, e.g. `data/splits`.
        name: name of the part.

    Raises:
        InkError: the part has no shard or no sample.
    """

    def __init__(self, directory: Path | str, name: str) -> None:
        self.shards = part_shards(directory, name, "split")
        self._row_groups = []  # (shard, row group, rows)
        for shard in self.shards:
            metadata = pq.read_metadata(shard)
            groups = [(shard, i, metadata.row_group(i).num_rows) for i in range(metadata.num_row_groups)]
            self._row_groups += [group for group in groups if group[2]]
        self.samples = sum(rows for _, _, rows in self._row_groups)
        if self.samples == 0:
            raise InkError(
                f"{directory}: the {name} part is empty; see metrics/split.json and raise its share in params.yaml"
            )

    def classes(self) -> tuple[str, ...]:
        """The class list that the labels index."""
        return tuple(read_classes(self.shards[0]))

    def digest(self) -> str:
        """Hex digest of the shards' bytes."""
        return shards_digest(self.shards)

    def rows(self) -> Iterator[pa.RecordBatch]:
        """Yields encoded images and labels in stored order, one row group at a time."""
        for shard, index, _ in self._row_groups:
            yield _read_row_group(shard, index)

    def shuffled_rows(self, rng: np.random.Generator) -> Iterator[pa.RecordBatch]:
        """Yields the same rows in an order drawn from `rng`, one shuffle window at a time."""
        window: list[pa.RecordBatch] = []
        waiting = 0
        for i in rng.permutation(len(self._row_groups)):
            shard, index, rows = self._row_groups[i]
            window.append(_read_row_group(shard, index))
            waiting += rows
            if waiting >= SHUFFLE_WINDOW_ROWS:
                yield _shuffled(window, rng)
                window, waiting = [], 0
        if window:
            yield _shuffled(window, rng)


def evaluation_batches(part: SamplePart, batch_size: int) -> Iterator[Batch]:
    """Yields all samples once, in stored order, without augmentation; the last batch may be smaller."""
    return ahead(_decode, rebatch(part.rows(), batch_size, keep_rest=True))


def evaluation_steps(part: SamplePart, batch_size: int) -> int:
    """Number of batches that `evaluation_batches` yields."""
    return math.ceil(part.samples / batch_size)


def _decode(rows: pa.RecordBatch) -> Batch:
    return as_input(decode_images(rows)), read_labels(rows)


def decode_images(rows: pa.RecordBatch) -> np.ndarray:
    """The images of rows, uint8 `[batch, side, side]`."""
    return np.stack([decode_png(encoded.as_py()) for encoded in rows["bytes"]])


def read_labels(rows: pa.RecordBatch) -> np.ndarray:
    """The labels of rows, int32 `[batch]`."""
    return rows["label"].to_numpy().astype(np.int32)


def as_input(images: np.ndarray) -> np.ndarray:
    """Converts uint8 images `[batch, side, side]` to the network's input, float32 `[batch, side, side, 1]`."""
    return images[..., np.newaxis].astype(np.float32)


def _read_row_group(shard: Path, index: int) -> pa.RecordBatch:
    with pq.ParquetFile(shard) as file:
        table = file.read_row_group(index, columns=["image.bytes", "label"]).combine_chunks()
    encoded = table["image"].chunk(0).field("bytes")
    return pa.RecordBatch.from_arrays([encoded, table["label"].chunk(0)], names=["bytes", "label"])


def _shuffled(window: list[pa.RecordBatch], rng: np.random.Generator) -> pa.RecordBatch:
    rows = pa.Table.from_batches(window).combine_chunks().to_batches()[0]
    return rows.take(pa.array(rng.permutation(rows.num_rows)))


def rebatch(groups: Iterable[pa.RecordBatch], batch_size: int, keep_rest: bool) -> Iterator[pa.RecordBatch]:
    """Yields the rows of `groups` in their order, `batch_size` at a time; `keep_rest` adds a smaller last batch."""
    rest: pa.Table | None = None
    for group in groups:
        table = pa.Table.from_batches([group])
        rest = table if rest is None else pa.concat_tables([rest, table])
        whole = rest.num_rows - rest.num_rows % batch_size
        for start in range(0, whole, batch_size):
            yield rest.slice(start, batch_size).combine_chunks().to_batches()[0]
        rest = rest.slice(whole)
    if keep_rest and rest is not None and rest.num_rows:
        yield rest.combine_chunks().to_batches()[0]
