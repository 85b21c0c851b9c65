"""Stage `math-quantize`: exports the whole detector, from canvas to labelled boxes, as one .tflite file.

    python -m stages.math_quantize dynamic

Reads models/math/model.keras, the class list and, for int8, images of the training part. Takes about half a minute.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import numpy as np

from pipeline.edge.model_file import trained_network, write_model
from pipeline.edge.networks import detector_name
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.formats.charset import read_class_list
from pipeline.formats.formula import decode_canvas, read_part
from pipeline.params import load_params
from stages import run_stage
from stages.paths import MATH_CLASSES, MATH_KERAS_MODEL, MATH_MODELS, MATH_SPLITS


def main(variant: Variant) -> None:
    # TFLite export needs TensorFlow, whichever backend the network was trained on.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from pipeline.detector.inference import detect
    from pipeline.detector.model import load_detector
    from pipeline.edge import export
    from pipeline.edge.folding import fold_batch_norm

    params = load_params().math
    model = load_detector(trained_network(MATH_KERAS_MODEL, "math-train"))
    model.network = fold_batch_norm(model.network)
    inputs = [export.image_input(model.config.height, model.config.width)]
    feeds = _calibration(params.quantize.calibration_samples)
    data = export.export_tflite(
        model, lambda image: detect(model, image), inputs, variant, feeds, export.ALL_BUT_LAYERS
    )
    labels = read_class_list(MATH_CLASSES, symbols=True)
    network = detector_name(model.config.arch, model.config.backbone, model.config.multiplier)
    write_model(MATH_MODELS / f"{variant}.tflite", data, labels, model.config.canvas, network)


def _calibration(samples: int) -> Iterator[dict]:
    """Yields the first images of the training part, which is in random order, one at a time."""
    for formula in itertools.islice(read_part(MATH_SPLITS, "train"), samples):
        yield {"image": decode_canvas(formula)[None].astype(np.float32)}


if __name__ == "__main__":
    run_stage(main, VARIANTS)
