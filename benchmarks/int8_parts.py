"""Measures what each part of the trained detector loses in int8, with everything else in float.

    python -m benchmarks.int8_parts                       # every part, on the test part of the formulas
    python -m benchmarks.int8_parts --parts backbone naming

Reads models/math/model.keras and data/math/splits, writes no file, and prints a table. The last row is the variant
`int8` of stage `math-quantize`. Each part is calibrated anew: about two minutes per part on one core.
"""

from __future__ import annotations

import itertools
import os

import numpy as np

from pipeline.command import command_parser, run_command
from pipeline.edge.gate import check
from pipeline.edge.variants import Variant
from pipeline.formats.formula import decode_canvas, part_classes, read_part
from pipeline.params import load_params
from pipeline.progress import progress
from pipeline.report import tables
from pipeline.scoring import detector
from pipeline.scoring.coco import score_boxes
from stages.paths import MATH_KERAS_MODEL, MATH_SPLITS

PARTS = {  # regular expressions for the names of a part's operators; nothing is in int8 in `none`
    "none": "",
    "backbone": "/(Conv1|expanded_conv|block_)",
    "pyramid": "/(lateral|smooth|tower)_",
    "proposals": "/(score|delta)_",
    "naming": "^(region_head|naming)",
    "all": "",
}
HEADER = ("in int8", "AP50", "AP", "bytes")


def export(part: str) -> bytes:
    """The trained detector as a flatbuffer, with the layers of one part in int8."""
    from pipeline.detector.inference import detect
    from pipeline.detector.model import load_detector
    from pipeline.edge.export import ALL_BUT_LAYERS, export_tflite, image_input
    from pipeline.edge.folding import fold_batch_norm

    model = load_detector(MATH_KERAS_MODEL)
    model.network = fold_batch_norm(model.network)
    inputs = [image_input(model.config.height, model.config.width)]
    training = itertools.islice(read_part(MATH_SPLITS, "train"), load_params().math.quantize.calibration_samples)
    feeds = ({"image": decode_canvas(formula)[None].astype(np.float32)} for formula in training)
    variant: Variant = "float32" if part == "none" else "int8"
    return export_tflite(model, lambda image: detect(model, image), inputs, variant, feeds, ALL_BUT_LAYERS, PARTS[part])


def row(part: str) -> list[str]:
    """The row of one part under `HEADER`."""
    data = export(part)
    check(data)
    reading = detector.read_part(data, read_part(MATH_SPLITS, "test"), len(part_classes(MATH_SPLITS, "test")))
    scores = score_boxes(reading.truths, reading.detections).macro
    return [part, f"{scores.ap50:.2%}", f"{scores.ap:.2%}", f"{len(data):,}"]


def main() -> None:
    """Prints the table."""
    parser = command_parser("benchmarks.int8_parts", __doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    arguments = parser.parse_args()
    os.environ["KERAS_BACKEND"] = "tensorflow"  # the export needs it
    run_command(lambda: _show(arguments.parts), "int8_parts")


def _show(parts: list[str]) -> None:
    rows = [row(part) for part in progress(parts, total=len(parts), desc="parts", unit="parts")]
    tables.show(HEADER, rows, title="The detector in int8, part by part")


if __name__ == "__main__":
    main()
