"""Measures the cost of the recogniser on a device: file size, parameters, compute and one-thread latency per variant.

    python -m benchmarks.model_cost                 # the network of params.yaml with all 3,755 GB2312 level-1 classes
    python -m benchmarks.model_cost --classes 200

The weights are random: cost does not depend on their values. Takes about a minute.
"""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from pipeline.command import command_parser
from pipeline.edge import gate, litert
from pipeline.edge.export import classifier, export_tflite, image_input, keras
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.hccr.model import build_model
from pipeline.ink.normalise import SIDE
from pipeline.params import LEVEL1_CLASSES, load_params
from pipeline.report import tables

GOAL = "Goal for dynamic: at most 3,000,000 bytes and 3 ms"
HEADER = ("variant", "bytes", "params", "MACs", "p50 ms", "p95 ms", "operators")
CALIBRATION_SAMPLES = 16


def random_network(classes: int) -> keras.Model:
    """The network of params.yaml, all weights random: the converter would merge biases that are all zero."""
    keras.utils.set_random_seed(1)
    network = build_model(load_params().model, classes)
    rng = np.random.default_rng(1)
    for weights in network.weights:
        if len(weights.shape) == 1:
            weights.assign(rng.uniform(0.5, 1.0, weights.shape))
    return network


def exported(network: keras.Model, variant: Variant) -> bytes:
    """The network as a flatbuffer; int8 is calibrated with noise."""
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (CALIBRATION_SAMPLES, 1, SIDE, SIDE, 1)).astype(np.float32)
    feeds = [{"image": image} for image in noise]
    return export_tflite(network, classifier(network), [image_input(SIDE)], variant, feeds)


def row(variant: Variant, data: bytes, runs: int) -> list[str]:
    """One row of the table, under `HEADER`."""
    graph, timing = gate.check(data), litert.latency(data, runs)
    count = graph.operators.total()
    sizes = [f"{size:,}" for size in (len(data), graph.parameters, graph.macs)]
    return [variant, *sizes, f"{timing.p50_ms:.2f}", f"{timing.p95_ms:.2f}", str(count)]


def main() -> None:
    """Prints the table."""
    parser = command_parser("benchmarks.model_cost", __doc__)
    parser.add_argument(
        "--classes", type=int, metavar="N", default=LEVEL1_CLASSES, help="classes of the network (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=int, metavar="N", default=1000, help="timed runs of each variant (default: %(default)s)"
    )
    arguments = parser.parse_args()
    network = random_network(arguments.classes)
    rows = [row(v, exported(network, v), arguments.runs) for v in tqdm(VARIANTS, desc="variants", leave=False)]
    title = f"{arguments.classes:,} classes, batch 1, 1 thread, {litert.cpu_name()}"
    tables.show(HEADER, rows, title=title)
    print(GOAL)


if __name__ == "__main__":
    main()
