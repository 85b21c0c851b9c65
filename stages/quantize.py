"""Stage `quantize`: exports the trained network as one .tflite file, checks it and adds its metadata.

    python -m stages.quantize dynamic

Reads models/hccr/model.keras, its calibration, the class list and, for int8, images of the training part. Takes about
ten seconds.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from pipeline import files
from pipeline.edge.model_file import trained_network, write_model
from pipeline.edge.networks import INCEPTION_GAP
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.formats.charset import GB2312_LEVEL1, read_class_list
from pipeline.formats.parts import SamplePart, evaluation_batches
from pipeline.ink.normalise import MARGIN, SIDE
from pipeline.params import load_params
from pipeline.scoring.calibration import prior
from stages import run_stage
from stages.paths import CALIBRATION, CLASSES, KERAS_MODEL, MODELS, SPLITS


def main(variant: Variant) -> None:
    # TFLite export needs TensorFlow, whichever backend the network was trained on.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from pipeline.edge import export
    from pipeline.edge.folding import fold_batch_norm

    params = load_params()
    model = fold_batch_norm(export.keras.models.load_model(trained_network(KERAS_MODEL, "train"), compile=False))
    feeds = _calibration(params.quantize.calibration_samples)
    calibration = files.read_json(CALIBRATION)
    classes = read_class_list(CLASSES)
    function = export.classifier(model, calibration["temperature"], prior(classes, GB2312_LEVEL1, calibration["rarer"]))
    data = export.export_tflite(model, function, [export.image_input(SIDE)], variant, feeds)
    sizes = {"side": SIDE, "margin": MARGIN}
    write_model(MODELS / f"{variant}.tflite", data, classes, sizes, INCEPTION_GAP, calibration)


def _calibration(samples: int) -> Iterator[dict]:
    """Yields the first images of the training part, which is in random order, one at a time."""
    for images, _ in itertools.islice(evaluation_batches(SamplePart(SPLITS, "train"), batch_size=1), samples):
        yield {"image": images}


if __name__ == "__main__":
    run_stage(main, VARIANTS)
