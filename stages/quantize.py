"""Stage `quantize`: the trained network as one .tflite file that passed the gate and tells how it is used.

    python -m stages.quantize dynamic

Reads models/hccr/model.keras, the class list and, for int8, images of the training part. Takes about ten seconds.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline import files
from pipeline.edge.variants import variant_from_arguments
from pipeline.errors import InkError
from pipeline.formats.charset import read_class_list
from pipeline.params import load_params
from stages import run_stage
from stages.paths import CLASSES, KERAS_MODEL, MODELS, SPLITS


def main() -> None:
    variant = variant_from_arguments(__doc__)
    # TFLite export needs TensorFlow, whichever backend the network was trained on.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from pipeline.edge import export
    from pipeline.ink.normalise import MARGIN, SIDE

    params = load_params()
    model = export.keras.models.load_model(trained(KERAS_MODEL, "train"), compile=False)
    feeds = _calibration(params.quantize.calibration_samples)
    data = export.export_tflite(model, export.classifier(model), [export.image_input(SIDE)], variant, feeds)
    write_gated(MODELS / f"{variant}.tflite", data, read_class_list(CLASSES), {"side": SIDE, "margin": MARGIN})


def trained(path: Path, stage: str) -> Path:
    """`path`, if the network that `stage` trains is there."""
    if not path.exists():
        raise InkError(f"{path}: expected the trained network, found nothing; run `dvc repro {stage}`")
    return path


def write_gated(path: Path, data: bytes, labels: Sequence[str], normalisation: Mapping[str, float]) -> None:
    """Writes a flatbuffer that passes the gate, with its metadata: what is evaluated is what an app gets."""
    from pipeline.edge import gate, metadata

    gate.check(data)
    with files.atomic_file(path) as partial:
        partial.write_bytes(metadata.describe(data, labels, normalisation))


def _calibration(samples: int) -> Iterator[dict]:
    """The first images of the training part, which is in random order, one at a time."""
    from pipeline.hccr.dataset import Part, evaluation_batches

    for images, _ in itertools.islice(evaluation_batches(Part(SPLITS, "train"), batch_size=1), samples):
        yield {"image": images}


if __name__ == "__main__":
    run_stage(main)
