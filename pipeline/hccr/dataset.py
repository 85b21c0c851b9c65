"""Batches from the Parquet shards of a split, streamed: all of CASIA HWDB needs no more memory than a small corpus.

The order of an epoch follows from (seed, epoch) alone, and each image's distortion from (seed, epoch, batch): a run
that was stopped and resumed sees exactly the images that an undisturbed one sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.formats.png import decode_png
from pipeline.hccr.augment import Distorter
from pipeline.learning.batches import ahead, part_digest, part_shards
from pipeline.params import Train

# Images are shuffled within a window of whole row groups taken at random from all shards. The shards themselves are in
# the random order of the split, so a window need not be large.
SHUFFLE_WINDOW_ROWS = 8192

Batch = tuple[np.ndarray, np.ndarray]
"""Images float32 `[batch, 56, 56, 1]` of 0..255 and labels int32 `[batch]`."""


class Part:
    """One part of a split (`train`, `validation` or `test`) on disk.

    Args:
        directory: the split, `data/splits`.
        name: the part.

    Raises:
        InkError: when the part has no shard or no sample.
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
                f"{directory}: the {name} part is empty; see metrics/split.json, and raise its share in params.yaml"
            )

    def digest(self) -> str:
        """Hex digest of the shards' bytes."""
        return part_digest(self.shards)

    def rows(self) -> Iterator[pa.RecordBatch]:
        """Encoded images and labels in stored order, a row group at a time."""
        for shard, index, _ in self._row_groups:
            yield _read_row_group(shard, index)

    def shuffled_rows(self, rng: np.random.Generator) -> Iterator[pa.RecordBatch]:
        """The same rows in an order drawn from `rng`, a shuffle window at a time."""
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


def training_batches(part: Part, params: Train, first_epoch: int = 0) -> Iterator[Batch]:
    """Shuffled and distorted batches of `params.batch_size`, epoch after epoch without end.

    Each epoch has `training_steps(part, params)` batches; the few images left over differ from epoch to epoch.
    """
    return ahead(_decode_and_distort, _training_jobs(part, params, first_epoch))


def training_steps(part: Part, params: Train) -> int:
    """Batches in an epoch.

    Raises:
        InkError: when the part does not fill one batch.
    """
    if part.samples < params.batch_size:
        raise InkError(
            f"the training part has {part.samples} samples, fewer than train.batch_size = {params.batch_size}; "
            "lower train.batch_size or decode more data"
        )
    return part.samples // params.batch_size


def evaluation_batches(part: Part, batch_size: int) -> Iterator[Batch]:
    """All samples once, in stored order, undistorted; the last batch may be smaller."""
    return ahead(_decode, _rebatch(part.rows(), batch_size, keep_rest=True))


def evaluation_steps(part: Part, batch_size: int) -> int:
    """Batches that `evaluation_batches` gives."""
    return math.ceil(part.samples / batch_size)


def _training_jobs(part: Part, params: Train, first_epoch: int) -> Iterator[tuple[pa.RecordBatch, Distorter]]:
    steps = training_steps(part, params)
    epoch = first_epoch
    while True:
        faded = epoch >= params.epochs * (1 - params.augment.fade)
        order = np.random.default_rng([params.seed, epoch])
        rows = _rebatch(part.shuffled_rows(order), params.batch_size, keep_rest=False)
        for step, batch in zip(range(steps), rows, strict=True):
            rng = np.random.default_rng([params.seed, epoch, step])
            yield batch, Distorter(params.augment, rng, strength=0.0 if faded else 1.0)
        epoch += 1


def _decode_and_distort(job: tuple[pa.RecordBatch, Distorter]) -> Batch:
    rows, distort = job
    return _as_input(distort(_decoded(rows))), _labels(rows)


def _decode(rows: pa.RecordBatch) -> Batch:
    return _as_input(_decoded(rows)), _labels(rows)


def _decoded(rows: pa.RecordBatch) -> np.ndarray:
    return np.stack([decode_png(encoded.as_py()) for encoded in rows["bytes"]])  # [batch, side, side]


def _labels(rows: pa.RecordBatch) -> np.ndarray:
    return rows["label"].to_numpy().astype(np.int32)


def _as_input(images: np.ndarray) -> np.ndarray:
    return images[..., np.newaxis].astype(np.float32)  # [batch, side, side, 1]


def _read_row_group(shard: Path, index: int) -> pa.RecordBatch:
    with pq.ParquetFile(shard) as file:
        table = file.read_row_group(index, columns=["image.bytes", "label"]).combine_chunks()
    encoded = table["image"].chunk(0).field("bytes")
    return pa.RecordBatch.from_arrays([encoded, table["label"].chunk(0)], names=["bytes", "label"])


def _shuffled(window: list[pa.RecordBatch], rng: np.random.Generator) -> pa.RecordBatch:
    rows = pa.Table.from_batches(window).combine_chunks().to_batches()[0]
    return rows.take(pa.array(rng.permutation(rows.num_rows)))


def _rebatch(groups: Iterable[pa.RecordBatch], batch_size: int, keep_rest: bool) -> Iterator[pa.RecordBatch]:
    """Rows of `groups` in their order, `batch_size` at a time."""
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
