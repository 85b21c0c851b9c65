"""Distorted training batches from the Parquet shards of a split.

The order of an epoch depends only on (seed, epoch), and the distortion of each image only on (seed, epoch, batch): a
resumed run sees exactly the images that an uninterrupted run sees.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.ahead import ahead
from pipeline.errors import InkError
from pipeline.formats.parts import Batch, SamplePart, as_input, decode_images, read_labels, rebatch
from pipeline.hccr.augment import Distorter
from pipeline.params import Train


def training_batches(part: SamplePart, params: Train, first_epoch: int = 0) -> Iterator[Batch]:
    """Yields shuffled and distorted batches of `params.batch_size` images, epoch after epoch, without end.

    Each epoch has `training_steps(part, params)` batches. The images that do not fill a batch are left out; they differ
    from epoch to epoch.
    """
    for images, labels in ahead(_decode_and_distort, _training_jobs(part, params, first_epoch), picklable=True):
        yield as_input(images), labels


def training_steps(part: SamplePart, params: Train) -> int:
    """Returns the number of batches per epoch.

    Raises:
        InkError: the part does not fill one batch.
    """
    if part.samples < params.batch_size:
        raise InkError(
            f"expected at least train.batch_size = {params.batch_size} samples in the training part, found "
            f"{part.samples}; lower train.batch_size or decode more data"
        )
    return part.samples // params.batch_size


def _training_jobs(part: SamplePart, params: Train, first_epoch: int) -> Iterator[tuple[pa.RecordBatch, Distorter]]:
    steps = training_steps(part, params)
    epoch = first_epoch
    while True:
        faded = epoch >= params.epochs * (1 - params.augment.fade)
        order = np.random.default_rng([params.seed, epoch])
        batches = rebatch(part.shuffled_rows(order), params.batch_size, keep_rest=False)
        for step, batch in zip(range(steps), batches, strict=True):
            rng = np.random.default_rng([params.seed, epoch, step])
            # A slice of a shuffle window would take the whole window to another process.
            rows = batch.take(pa.array(range(batch.num_rows)))
            yield rows, Distorter(params.augment, rng, strength=0.0 if faded else 1.0)
        epoch += 1


def _decode_and_distort(job: tuple[pa.RecordBatch, Distorter]) -> tuple[np.ndarray, np.ndarray]:
    rows, distort = job
    return distort(decode_images(rows)), read_labels(rows)
