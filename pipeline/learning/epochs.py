"""Runs the epochs of a training: each ends with a validation, a saved state and a row of metrics."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from pipeline.learning.checkpoint import Checkpoint, Row
from pipeline.params import Recipe
from pipeline.progress import progress

SHOWN = ("/loss", "/accuracy")  # of the metrics, after each epoch

OnEpoch = Callable[[int, Row], None]
"""Receives an epoch's number from 0 and its metrics."""


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
    """Trains the compiled `model`, or goes on from the last finished epoch of the same run.

    Args:
        model: ends with the averaged weights.
        recipe: see `pipeline.learning.recipe`.
        steps: batches an epoch.
        training: gives batches without end, from an epoch on.
        validation: gives the batches of one pass.
        validation_steps: how many those are.
        on_epoch: called for every epoch in order, those of an interrupted run included.
        checkpoint: where the state is kept.
    """
    curve = checkpoint.restore(model)
    for epoch, row in enumerate(curve):
        on_epoch(epoch, row)
    if curve:
        print(f"resuming after epoch {len(curve)} of {recipe.epochs}", flush=True)
    batches = training(len(curve))
    for epoch in range(len(curve), recipe.epochs):
        row = _run(model.train_on_batch, itertools.islice(batches, steps), steps, f"epoch {epoch + 1}/{recipe.epochs}")
        row = {f"train/{name}": value for name, value in row.items()}
        with _averaged_weights(model, recipe):
            validated = _run(model.test_on_batch, validation(), validation_steps, "validation")
        row |= {f"validation/{name}": value for name, value in validated.items()}
        curve.append(row)
        checkpoint.save(model, curve)
        on_epoch(epoch, row)
        told = ", ".join(f"{name} {row[name]:.4f}" for name in row if name.endswith(SHOWN))
        print(f"epoch {epoch + 1}/{recipe.epochs}: {told}", flush=True)
    model.optimizer.finalize_variable_values(model.trainable_variables)


def _run(step: Callable[..., Row], batches: Iterable[tuple], steps: int, desc: str) -> Row:
    """The mean metrics over `batches`, each by its size.

    Steps are taken one by one rather than by Keras' `fit`: its TensorFlow trainer reads generators ahead, so that a
    pass would start where the last one's buffer ended, and its reader makes the C library hand memory back after each
    use, which triples the time that NumPy takes in the threads beside it.
    """
    sums: Row = {}
    samples = 0
    for batch in progress(batches, total=steps, desc=desc, unit="steps"):
        size = len(batch[0])
        samples += size
        for name, value in step(*batch, return_dict=True).items():
            sums[name] = sums.get(name, 0.0) + float(value) * size
    return {name: value / samples for name, value in sums.items()}


@contextlib.contextmanager
def _averaged_weights(model: keras.Model, recipe: Recipe) -> Iterator[None]:
    """Within it, `model` has the averaged weights."""
    if recipe.ema == 0:
        yield
        return
    swap = keras.callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_test_begin()
    yield
    swap.on_test_end()
