"""Stage `calibrate`: fits the temperature of the softmax, and the confidence below which the answer is "none I know".

    python -m stages.calibrate

Reads models/hccr/model.keras, the validation part and the stroke medians, from which it draws characters that the
network never saw. Writes models/hccr/calibration.json, which quantize puts into the model files,
metrics/calibration.json and plots/roc.json. Takes about half a minute.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import keras
import numpy as np

from pipeline import files
from pipeline.edge.model_file import trained_network
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.formats.parts import SamplePart, as_input, evaluation_batches
from pipeline.params import load_params
from pipeline.scoring import calibration
from pipeline.synthesis.hands.medians import load_medians
from pipeline.synthesis.strangers import draw_strangers
from stages import run_stage
from stages.paths import CALIBRATION, CALIBRATION_METRICS, KERAS_MODEL, MEDIANS, ROC, SPLITS

DIGITS = 5  # decimals


def logits_of(model: keras.Model, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields the logits of each batch of images, float32 [batch, classes]."""
    for images in batches:
        yield keras.ops.convert_to_numpy(model(images, training=False))


def batched(images: Iterator[np.ndarray], size: int) -> Iterator[list[np.ndarray]]:
    """Yields lists of `size` images; the last one may be shorter."""
    while batch := list(itertools.islice(images, size)):
        yield batch


def main() -> None:
    params = load_params()
    model = keras.models.load_model(trained_network(KERAS_MODEL, "train"), compile=False)
    part, batch_size = SamplePart(SPLITS, "validation"), params.train.evaluation_batch_size
    labels: list[np.ndarray] = []

    def validation() -> Iterator[np.ndarray]:  # its order is random
        for images, truth in evaluation_batches(part, batch_size):
            if sum(map(len, labels)) >= params.calibrate.samples:
                return
            labels.append(truth)
            yield images

    logits = np.concatenate(list(logits_of(model, validation())))
    truth = np.concatenate(labels)
    prior = calibration.prior(part.classes(), GB2312_LEVEL1, params.calibrate.rarer).astype(np.float32)
    logits += prior
    right = logits.argmax(axis=1) == truth
    temperature = calibration.fit_temperature(logits, truth)
    known = calibration.softmax_confidence(logits, temperature)
    before = calibration.ece(calibration.softmax_confidence(logits, 1), right)
    del logits
    drawn = draw_strangers(
        load_medians(MEDIANS / "medians.jsonl"),
        set(part.classes()),
        params.calibrate.strangers,
        params.strokes.looseness,
        params.strokes.seed,
    )
    batches = (as_input(np.stack(images)) for images in batched(drawn, batch_size))
    strangers = np.concatenate(
        [calibration.softmax_confidence(found + prior, temperature) for found in logits_of(model, batches)]
    )
    threshold = calibration.keep(known[right], params.calibrate.keep) if right.any() else 0.0
    figures = {
        "temperature": temperature,
        "ece_before": before,
        "ece": calibration.ece(known, right),
        "threshold": threshold,
        "auroc": calibration.auroc(known, strangers),
        "known_kept": float(np.mean(known >= threshold)),
        "strangers_turned_away": float(np.mean(strangers < threshold)),
    }
    figures = {name: round(value, DIGITS) for name, value in figures.items()}
    applied = {name: figures[name] for name in ("temperature", "threshold")}
    files.write_json(CALIBRATION, applied | {"rarer": params.calibrate.rarer})
    files.write_json(ROC, calibration.roc(known, strangers))
    files.write_json(CALIBRATION_METRICS, figures)


if __name__ == "__main__":
    run_stage(main)
