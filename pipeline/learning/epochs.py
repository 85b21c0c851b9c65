"""Runs the epochs of a training. Each ends with a validation, a saved state and a row of metrics."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from pipeline.learning.checkpoint import Checkpoint, Row
from pipeline.learning.recipe import pays_to_compile
from pipeline.params import Recipe
from pipeline.progress import progress

# Batches from which a network with averaged weights gets its means and variances: a momentum of 0.9 keeps 0.6 % of the
# old ones.
SETTLING_BATCHES = 48
SHOWN = ("/loss", "/accuracy")  # endings of the metrics that are printed after each epoch

OnEpoch = Callable[[int, Row], None]
"""Takes the number of an epoch, from 0, and its metrics."""


def fit(
    model: keras.Model,
    recipe: Recipe,
    steps: int,
    training: Callable[[int], Iterator[Any]],
    validation: Callable[[], Iterator[Any]],
    validation_steps: int,
    on_epoch: OnEpoch,
    checkpoint: Checkpoint,
) -> None:
    """Trains the compiled `model`, or resumes after the last finished epoch of the same run.

    Args:
        model: has the averaged weights at the end.
        recipe: see `pipeline.learning.recipe`.
        steps: batches per epoch.
        training: takes the first epoch to run and returns batches without end, starting with those of that epoch.
        validation: returns the batches of one pass.
        validation_steps: number of those batches.
        on_epoch: called for every epoch in order, including those of an interrupted run.
        checkpoint: holds the state.
    """
    averaged = _Averaged(model, recipe, training)
    curve = checkpoint.restore(model)
    for epoch, row in enumerate(curve):
        on_epoch(epoch, row)
    if curve:
        print(f"resuming after epoch {len(curve)} of {recipe.epochs}", flush=True)
    batches = training(len(curve))
    for epoch in range(len(curve), recipe.epochs):
        row = _run(model.train_on_batch, itertools.islice(batches, steps), steps, f"epoch {epoch + 1}/{recipe.epochs}")
        row = {f"train/{name}": value for name, value in row.items()}
        with averaged.weights():
            validated = _run(model.test_on_batch, validation(), validation_steps, "validation")
        row |= {f"validation/{name}": value for name, value in validated.items()}
        curve.append(row)
        checkpoint.save(model, curve)
        on_epoch(epoch, row)
        shown = ", ".join(f"{name} {row[name]:.4f}" for name in row if name.endswith(SHOWN))
        print(f"epoch {epoch + 1}/{recipe.epochs}: {shown}", flush=True)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    averaged.settle()


def _run(step: Callable[..., Row], batches: Iterable[tuple], steps: int, desc: str) -> Row:
    """Returns the mean metrics over `batches`, weighted by batch size.

    It calls each step itself and does not use Keras' `fit`, because Keras' TensorFlow trainer reads generators ahead: a
    pass would start where the buffer of the previous pass ended. Its reader also makes the C library return memory
    after each use, which triples the time that NumPy takes in other threads.
    """
    sums: Row = {}
    samples = 0
    for batch in progress(batches, total=steps, desc=desc, unit="steps"):
        size = len(batch[0])
        samples += size
        for name, value in step(*batch, return_dict=True).items():
            sums[name] = sums.get(name, 0.0) + float(value) * size
    return {name: value / samples for name, value in sums.items()}


class _Averaged:
    """The averaged weights of a network, and the statistics that belong to them.

    The means and variances of batch normalisation follow the weights of the last steps. If a rate is left at the end,
    the averaged weights are others, and their network would read worse (Izmailov et al. 2018, SWA): it gets statistics
    of its own, from training batches. If none is left, it keeps those of the last steps.
    """

    def __init__(self, model: keras.Model, recipe: Recipe, training: Callable[[int], Iterator[Any]]) -> None:
        self._model, self._used = model, recipe.ema > 0
        self._batches: list[Any] = []
        if self._used and recipe.final_rate > 0:
            self._batches = [batch[0] for batch in itertools.islice(training(0), SETTLING_BATCHES)]
            self._forward = _InTrainingMode(model)
            self._forward.compile(jit_compile=pays_to_compile())

    @contextlib.contextmanager
    def weights(self) -> Iterator[None]:
        """Gives the model its averaged weights, and their statistics, within the block."""
        if not self._used:
            yield
            return
        swap = keras.callbacks.SwapEMAWeights()
        swap.set_model(self._model)
        swap.on_test_begin()
        before = [(variable, keras.ops.copy(variable.value)) for variable in self._model.non_trainable_variables]
        self.settle()
        yield
        for variable, value in before:
            variable.assign(value)
        swap.on_test_end()

    def settle(self) -> None:
        """Fits the statistics to the weights that the model has now."""
        for images in self._batches:
            self._forward.predict_on_batch(images)


class _InTrainingMode(keras.Model):
    """Runs a network as training does, without gradients: batch normalisation follows the statistics of the batches."""

    def __init__(self, network: keras.Model) -> None:
        super().__init__(name="in_training_mode")
        self.network = network

    def call(self, images: Any) -> Any:
        """Returns a number per image: the caller needs the statistics alone."""
        self.network(images, training=True)
        return keras.ops.mean(images, axis=(1, 2, 3))
