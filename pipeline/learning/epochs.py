"""Runs the epochs of a training: each ends with a validation, a saved state and a row of metrics."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import keras

from pipeline.learning.checkpoint import Checkpoint, Row
from pipeline.learning.recipe import Recipe

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

    def validate() -> Row:
        # Not by fit's `validation_data`: Keras reads generators ahead, a pass would start where the last buffer ended.
        return model.evaluate(
            validation(),
            steps=validation_steps,
            callbacks=[keras.callbacks.SwapEMAWeights()] if recipe.ema > 0 else None,
            return_dict=True,
            verbose=0,
        )

    model.fit(
        training(len(curve)),
        steps_per_epoch=steps,
        initial_epoch=len(curve),
        epochs=recipe.epochs,
        callbacks=[_EpochEnd(validate, curve, on_epoch, checkpoint)],
        shuffle=False,  # the batches are already
        verbose=1 if sys.stdout.isatty() else 2,
    )


class _EpochEnd(keras.callbacks.Callback):
    """Validates with the averaged weights, saves the state and reports the metrics when an epoch is finished."""

    def __init__(
        self, validate: Callable[[], Row], curve: list[Row], on_epoch: OnEpoch, checkpoint: Checkpoint
    ) -> None:
        super().__init__()
        self._validate = validate
        self._curve = curve
        self._on_epoch = on_epoch
        self._checkpoint = checkpoint

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keras' hook."""
        logs = {} if logs is None else logs
        row = {f"train/{name}": float(value) for name, value in logs.items()}
        validation = self._validate()
        row |= {f"validation/{name}": float(value) for name, value in validation.items()}
        self._curve.append(row)
        self._checkpoint.save(self.model, self._curve)
        self._on_epoch(epoch, row)
        logs.update({f"val_{name}": value for name, value in validation.items()})  # for Keras' progress line
