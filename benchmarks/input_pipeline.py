"""Measures whether training waits for data: compares training on streamed batches with training on a constant batch.

    python -m benchmarks.input_pipeline [data/splits]

Both loops train the network of params.yaml with the classes of the split. A ratio near 1 means that training never
waits for data. `benchmarks.full_scale --keep` keeps a split of full size.
"""

from __future__ import annotations

import itertools
import resource
import time
from collections.abc import Iterable

from pipeline.command import command_parser
from pipeline.formats.parquet import read_classes
from pipeline.formats.parts import Batch, SamplePart
from pipeline.hccr.dataset import training_batches
from pipeline.hccr.model import BATCH_NORM_MOMENTUM, build_model
from pipeline.hccr.training import compile_model
from pipeline.learning.normalisation import fuse_batch_normalisation
from pipeline.params import load_params
from stages.paths import SPLITS

STEPS = 60
ROUNDS = 3


def main() -> None:
    """Prints the rates and their ratios."""
    parser = command_parser("benchmarks.input_pipeline", __doc__)
    parser.add_argument(
        "splits", nargs="?", default=SPLITS, metavar="SPLITS", help="a folder of parts (default: %(default)s)"
    )
    arguments = parser.parse_args()
    params = load_params()
    part = SamplePart(arguments.splits, "train")
    network = build_model(params.model, len(read_classes(part.shards[0])))
    model = compile_model(fuse_batch_normalisation(network, BATCH_NORM_MOMENTUM), params.train, STEPS)
    batches = training_batches(part, params.train)
    constant = next(batches)
    _steps(model, [constant] * 5)
    alone = _rate(part, batches, params.train.batch_size)
    print(f"input pipeline alone       {alone:8.0f} images/s")
    for _ in range(ROUNDS):  # alternates, because the speed of a shared machine drifts
        fixed = params.train.batch_size * STEPS / _steps(model, [constant] * STEPS)
        streamed = params.train.batch_size * STEPS / _steps(model, itertools.islice(batches, STEPS))
        print(f"constant batch {fixed:6.0f} images/s, streamed {streamed:6.0f} images/s, ratio {streamed / fixed:.3f}")
    print(f"peak resident memory       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MiB")


def _steps(model, batches: Iterable[Batch]) -> float:
    """Seconds of training on `batches`."""
    start = time.perf_counter()
    for images, labels in batches:
        model.train_on_batch(images, labels)
    return time.perf_counter() - start


def _rate(part: SamplePart, batches: Iterable[Batch], batch_size: int) -> float:
    """Images per second of the input pipeline without training."""
    count = max(20, min(STEPS, part.samples // batch_size))
    start = time.perf_counter()
    for _ in itertools.islice(batches, count):
        pass
    return count * batch_size / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
