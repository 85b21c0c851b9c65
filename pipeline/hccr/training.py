"""Trains Inception-GAP from the Parquet shards of a split, on any Keras backend.

Recipe: AdamW, linear warm-up, then cosine decay to zero, label smoothing, and an exponential moving average (EMA) of
the weights. Validation and the saved model use the averaged weights. On one machine, the same seed gives the same
weights.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import keras
import numpy as np

from pipeline.formats.parts import SamplePart, evaluation_batches, evaluation_steps
from pipeline.hccr.dataset import training_batches, training_steps
from pipeline.hccr.model import BATCH_NORM_MOMENTUM, LOGITS, build_model
from pipeline.hccr.start import start_from
from pipeline.learning.checkpoint import Checkpoint, Row, run_key
from pipeline.learning.epochs import OnEpoch, fit
from pipeline.learning.normalisation import fuse_batch_normalisation
from pipeline.learning.recipe import build_optimizer, make_deterministic, pays_to_compile
from pipeline.params import Params, Precision, Train

# Training accuracy is measured on clean images with the final weights, as for the article's 98 %. This number of
# images bounds the time on a large corpus.
TRAIN_ACCURACY_SAMPLES = 20_000
LOGGER = logging.getLogger(__name__)


def train(
    params: Params, splits: Path, classes: list[str], on_epoch: OnEpoch, checkpoints: Path
) -> tuple[keras.Model, Row, Checkpoint]:
    """Trains the recogniser, or resumes after the last finished epoch of the same run.

    Args:
        params: only `model` and `train` are used.
        splits: directory of the split.
        classes: class list; its length is the number of logits.
        on_epoch: called for every epoch in order, including those of an interrupted run.
        checkpoints: folder of all training states.

    Returns:
        The model with averaged weights, its final metrics, and the state to remove once the model is saved.
    """
    recipe = params.train
    make_deterministic(recipe.seed)
    training, validation = SamplePart(splits, "train"), SamplePart(splits, "validation")
    steps = training_steps(training, recipe)
    network = build_model(params.model, len(classes))
    # Not only for speed: Keras' own batch normalisation sums its means in the order in which threads finish, even with
    # TensorFlow's deterministic operators. Results differ as soon as other work uses the cores.
    model = fuse_batch_normalisation(network, BATCH_NORM_MOMENTUM)
    if recipe.start:
        taken = start_from(model, classes, Path(recipe.start))
        LOGGER.info("started from %s: %d of %d classes", recipe.start, taken, len(classes))
    compile_model(compute_in(recipe.precision, model), recipe, steps)
    started = hashlib.sha256(Path(recipe.start).read_bytes()).hexdigest() if recipe.start else ""
    parts = [params.model, recipe, classes, training.digest(), keras.backend.backend(), started]
    checkpoint = Checkpoint(run_key(parts, __name__), checkpoints)
    fit(
        model,
        recipe,
        steps,
        lambda first_epoch: training_batches(training, recipe, first_epoch),
        lambda: evaluation_batches(validation, recipe.evaluation_batch_size),
        evaluation_steps(validation, recipe.evaluation_batch_size),
        on_epoch,
        checkpoint,
    )
    final = {"train/accuracy_clean": _accuracy_on_clean_images(model, training, recipe.evaluation_batch_size)}
    network.set_weights(model.get_weights())
    return network, final, checkpoint


def compute_in(precision: Precision, model: keras.Model) -> keras.Model:
    """Sets the precision of all layers but the last, whose logits stay float32, and returns `model`."""
    for layer in model.layers:
        if layer.name != LOGITS:
            layer.dtype_policy = precision
    return model


def compile_model(model: keras.Model, params: Train, steps_per_epoch: int) -> keras.Model:
    """Compiles `model` with the recipe's optimizer and loss, and returns it."""
    optimizer, loss = build_optimizer(params, steps_per_epoch), SmoothedCrossentropy(params.label_smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=pays_to_compile())
    return model


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of integer labels against logits, with label smoothing (Szegedy et al. 2016).

    Args:
        smoothing: probability spread evenly over all classes.
    """

    def __init__(self, smoothing: float, name: str = "smoothed_crossentropy", **kwargs) -> None:
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        """Returns the loss `[batch]` for labels `[batch]` or `[batch, 1]` and logits `[batch, classes]`."""
        log_probabilities = keras.ops.log_softmax(y_pred)
        labels = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1, 1))
        chosen = keras.ops.take_along_axis(log_probabilities, labels, axis=1)[:, 0]
        return -(1 - self.smoothing) * chosen - self.smoothing * keras.ops.mean(log_probabilities, axis=1)

    def get_config(self) -> dict:
        """Returns the constructor arguments, for saving."""
        return {**super().get_config(), "smoothing": self.smoothing}


def _accuracy_on_clean_images(model: keras.Model, part: SamplePart, batch_size: int) -> float:
    right = seen = 0
    for images, labels in evaluation_batches(part, batch_size):
        logits = keras.ops.convert_to_numpy(model(images, training=False))
        right += int(np.sum(logits.argmax(axis=1) == labels))
        seen += len(labels)
        if seen >= TRAIN_ACCURACY_SAMPLES:
            break
    return right / seen
