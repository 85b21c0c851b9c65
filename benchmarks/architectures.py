"""Trains the three detectors that the article compared in the same way, and compares accuracy and compute.

    python -m benchmarks.architectures                   # all three on data/math/splits, the recipe of params.yaml
    python -m benchmarks.architectures --epochs 4 --arch ssd_fpn faster_rcnn

Trains each detector for the same epochs on the same canvases, exports it as float32 and measures it on the test part
with LiteRT; latency is that of one thread. A killed training resumes from its last epoch. Writes
benchmarks/architectures.json for the report of stage `compare`. Takes about half an hour on 2 cores by default.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files
from pipeline.command import command_parser
from pipeline.detector import training
from pipeline.detector.inference import detect
from pipeline.edge import gate, litert
from pipeline.edge.export import export_tflite, image_input
from pipeline.formats.charset import read_class_list
from pipeline.formats.formula import decode_canvas, part_size, read_part
from pipeline.learning.checkpoint import states_folder
from pipeline.params import Math, load_params
from pipeline.progress import progress
from pipeline.report import math_comparison, tables
from pipeline.scoring import detector as scoring
from pipeline.scoring.coco import score_boxes
from stages.paths import ARCHITECTURES, MATH_CLASSES, MATH_SPLITS

NAMES = ("faster_rcnn_fpn", "faster_rcnn", "ssd_fpn")


def measure(params: Math, splits: Path, classes: list[str]) -> dict[str, Any]:
    """Trains the detector of `params`, measures it and returns one row of the result."""
    model, _, state = training.train(params, splits, classes, _print_epoch, states_folder())
    inputs = [image_input(params.decode.height, params.decode.width)]
    data = export_tflite(model, lambda image: detect(model, image), inputs, "float32")
    graph = gate.check(data)
    total = part_size(splits, "test")
    part = progress(read_part(splits, "test"), total=total, desc=params.train.arch, unit="formulas")
    reading = scoring.read_part(data, part, len(classes))
    scores = score_boxes(reading.truths, reading.detections)
    formulas = zip(range(params.evaluate.latency_runs), read_part(splits, "test"), strict=False)
    images = np.stack([decode_canvas(formula) for _, formula in formulas])
    timing = litert.latency(data, params.evaluate.latency_runs, images=images)
    state.remove()
    return {
        "arch": params.train.arch,
        "ap50": round(scores.macro.ap50, scoring.DIGITS),
        "ap": round(scores.macro.ap, scoring.DIGITS),
        "ap50_weighted": round(scores.weighted.ap50, scoring.DIGITS),
        "macs": graph.macs,
        "params": graph.parameters,
        "bytes": len(data),
        "p50_ms": round(timing.p50_ms, 2),
    }


def conditions(params: Math, formulas: int) -> str:
    """Describes the conditions of the measurement."""
    recipe = params.train
    return (
        f"Each trained alike: {recipe.epochs} epochs, {recipe.backbone} x {recipe.width}, batches of "
        f"{recipe.batch_size}; {formulas:,} test formulas; ms on one thread, {litert.cpu_name()}."
    )


def _print_epoch(epoch: int, row: dict[str, float]) -> None:
    print(f"epoch {epoch + 1}: " + ", ".join(f"{name} {value:.4f}" for name, value in row.items()), flush=True)


def main() -> None:
    """Trains, writes the result and prints the table."""
    parser = command_parser("benchmarks.architectures", __doc__)
    parser.add_argument(
        "--arch",
        nargs="+",
        choices=NAMES,
        metavar="ARCH",
        default=NAMES,
        help=f"detectors to train, of {', '.join(NAMES)} (default: all)",
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="epochs of each training (default: math.train.epochs of params.yaml)"
    )
    parser.add_argument(
        "--splits",
        type=Path,
        metavar="FOLDER",
        default=MATH_SPLITS,
        help="folder with the parts for training and testing (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", default=ARCHITECTURES, help="file for the figures (default: %(default)s)"
    )
    arguments = parser.parse_args()
    params = load_params().math
    epochs = arguments.epochs or params.train.epochs
    classes = list(read_class_list(MATH_CLASSES, symbols=True))
    rows = []
    for arch in arguments.arch:
        recipe = params.train.model_copy(update={"arch": arch, "epochs": epochs})
        params = params.model_copy(update={"train": recipe})
        rows.append(measure(params, arguments.splits, classes))
    text = conditions(params, part_size(arguments.splits, "test"))
    files.write_json(arguments.output, {"conditions": text, "architectures": rows})
    tables.show(math_comparison.ARCHITECTURE_HEADER, math_comparison.architecture_rows(rows), title="Architectures")
    print(text)


if __name__ == "__main__":
    main()
