"""Trains a detector from the Parquet shards of a split, on any Keras backend.

First chooses the anchors from the training boxes. Recipe and epochs come from `pipeline.learning`.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import keras
import numpy as np

from pipeline.detector.anchors import LEAST_SIDE, choose_shapes, coverage
from pipeline.detector.boxes import widen
from pipeline.detector.dataset import Canvases, FormulaPart, evaluation_batches, evaluation_steps
from pipeline.detector.model import SSD, Detector, build_detector
from pipeline.detector.network import Config, strides
from pipeline.detector.start import start_from
from pipeline.ink.canvas import MARGIN
from pipeline.learning.checkpoint import Checkpoint, Row, run_key
from pipeline.learning.epochs import OnEpoch, fit
from pipeline.learning.recipe import build_optimizer, make_deterministic, pays_to_compile
from pipeline.params import Math, MathTrain

LOGGER = logging.getLogger(__name__)


def train(
    params: Math, splits: Path, classes: list[str], on_epoch: OnEpoch, checkpoints: Path
) -> tuple[Detector, Row, Checkpoint]:
    """Trains a detector, or resumes from the last finished epoch of the same run.

    Args:
        params: uses `decode` (the canvas) and `train`.
        splits: directory of the split.
        classes: class list.
        on_epoch: called for every epoch in order, including those of an interrupted run.
        checkpoints: folder of the training states.

    Returns:
        The model with averaged weights, figures about the run, and the checkpoint to remove after the model is saved.
    """
    recipe = params.train
    make_deterministic(recipe.seed)
    training, validation = FormulaPart(splits, "train"), FormulaPart(splits, "validation")
    config = choose_config(params, training, len(classes))
    model = build_model(config, recipe)
    if recipe.start:
        taken = start_from(model, classes, Path(recipe.start))
        LOGGER.info("started from %s: %d of %d arrays", recipe.start, taken, len(model.weights))
    started = hashlib.sha256(Path(recipe.start).read_bytes()).hexdigest() if recipe.start else ""
    one_stage = isinstance(model, SSD)
    canvases = Canvases(training, recipe, config.grid, params.decode.pen, background=one_stage)
    model.compile(build_optimizer(recipe, canvases.steps), jit_compile=pays_to_compile())
    parts = [config, recipe, classes, training.digest(), keras.backend.backend(), started]
    checkpoint = Checkpoint(run_key(parts, __name__), checkpoints)
    fit(
        model,
        recipe,
        canvases.steps,
        canvases.batches,
        lambda: evaluation_batches(validation, config.grid, recipe.batch_size, background=one_stage),
        evaluation_steps(validation, recipe.batch_size),
        on_epoch,
        checkpoint,
    )
    final = {
        "anchor_coverage": coverage(_wide_boxes(training), config.shapes),
        "formulas_per_canvas": len(training) / (canvases.steps * recipe.batch_size),
    }
    return model, final, checkpoint


def choose_config(params: Math, training: FormulaPart, classes: int) -> Config:
    """Derives the detector's shape from the params, and its anchors from the training boxes."""
    recipe = params.train
    return Config(
        height=params.decode.height,
        width=params.decode.width,
        classes=classes,
        arch=recipe.arch,
        backbone=recipe.backbone,
        multiplier=recipe.width,
        channels=recipe.channels,
        context=recipe.context,
        shapes=choose_shapes(_wide_boxes(training), strides(recipe.arch), recipe.anchors),
        symbol=params.decode.symbol,
        pen=params.decode.pen,
        margin=MARGIN,
    )


def _wide_boxes(training: FormulaPart) -> np.ndarray:
    """Training boxes `[n, 4]` widened to `LEAST_SIDE`, which anchors look for."""
    return widen(np.concatenate(training.boxes), LEAST_SIDE, np)


def build_model(config: Config, recipe: MathTrain) -> Detector:
    """Builds the untrained detector in the recipe's precision: variables are float32, layers may compute in 16 bits."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return build_detector(config)
    finally:
        keras.config.set_dtype_policy(before)
