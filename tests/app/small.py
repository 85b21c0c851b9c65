"""Small recognisers that really read, made without training: eight characters, and the symbols -, o and x.

Characters are classified by the nearest mean over some writers; symbols stand side by side and are classified by their
shape. `networks` returns the networks of the pipeline, untrained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from pipeline.detector.model import build_detector
from pipeline.detector.network import Config, strides
from pipeline.edge import metadata
from pipeline.edge.export import ALL_BUT_LAYERS, classifier, export_tflite, image_input
from pipeline.edge.signatures import Kind
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.hccr.model import build_model
from pipeline.ink.canvas import MARGIN as CANVAS_MARGIN
from pipeline.ink.normalise import MARGIN, SIDE, normalise
from pipeline.page import catalogue
from pipeline.page.catalogue import Recogniser
from pipeline.params import load_params
from tests.app.handwriting import CLASSES, FRAME, LABELS, SEED, scan

WRITERS, LOOSENESS = range(1001, 1021), 0.2  # numbers of the known writers, and how loosely they write
CELL = 4  # pixels of a normalised picture that are averaged
SHARPNESS = 4.0  # factor of the logits
DETECTOR_VARIANTS: tuple[Variant, ...] = ("float16", "dynamic")

DETECTIONS = 100  # rows of a detector's outputs
MOST = 8  # symbols that are found at most
LEAST_INK = 64  # of 255: a thin stroke of a photo is pale in places
SURE = {"-": 0.9375, "o": 0.875, "x": 0.96875}  # scores, exact in float16


SIDES = {"side": SIDE, "margin": MARGIN}
CANVAS = FRAME._asdict() | {"margin": CANVAS_MARGIN}


def characters() -> Recogniser:
    """The recogniser of characters in all variants."""
    pictures = np.array(
        [[normalise(scan(char, writer, LOOSENESS)) for writer in WRITERS] for char in CLASSES], np.float32
    )
    cells = pictures.reshape(*pictures.shape[:2], SIDE // CELL, CELL, SIDE // CELL, CELL).mean(axis=(1, 3, 5)) / 255
    means = cells.reshape(len(CLASSES), -1)  # [classes, cells]
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.AveragePooling2D(CELL),
            keras.layers.Flatten(),
            keras.layers.Dense(len(CLASSES)),
        ]
    )
    # The nearest mean: |x - m|^2 without |x|^2, which all share.
    model.layers[-1].set_weights([SHARPNESS * 2 * means.T, -SHARPNESS * (means**2).sum(axis=1)])
    feeds = [{"image": picture[None, ..., None]} for picture in pictures[:, 0]]
    files = {v: export_tflite(model, classifier(model), [image_input(SIDE)], v, feeds) for v in VARIANTS}
    return _recogniser("The nearest mean", CLASSES, SIDES, files, {"top1": 0.99}, "dynamic")


class SideBySide(keras.Model):
    """Each run of columns with ink is a symbol: a bar is flat, a cross has ink in its middle, a ring has none."""

    def call(self, image):
        """`image`, float32 [1, height, width, 1], to the outputs of a detector."""
        ink = tf.cast(image[0, :, :, 0] > LEAST_INK, tf.float32)
        column = tf.reduce_max(ink, axis=0)
        starts = column * (1 - tf.pad(column[:-1], ((1, 0),)))
        run = tf.cast(tf.cumsum(starts) * column, tf.int32)
        own = tf.cast(run[None] == tf.range(1, MOST + 1)[:, None], tf.float32)[:, None] * ink  # [runs, height, width]
        top, bottom = self._ends(tf.reduce_max(own, axis=2))
        left, right = self._ends(tf.reduce_max(own, axis=1))
        across, down = tf.range(FRAME.width, dtype=tf.float32) + 0.5, tf.range(FRAME.height, dtype=tf.float32) + 0.5
        middle = self._within(down, top, bottom)[:, :, None] * self._within(across, left, right)[:, None]
        crossed = tf.reduce_max(middle * own, axis=(1, 2)) > 0
        flat = (bottom - top) * 3 < right - left
        bar, ring, cross = (LABELS.index(symbol) for symbol in "-ox")
        label = tf.where(flat, bar, tf.where(crossed, cross, ring))
        there = tf.cast(tf.range(MOST) < tf.reduce_max(run), tf.float32)
        score = tf.gather(tf.constant([SURE[symbol] for symbol in LABELS]), label) * there
        rest = DETECTIONS - MOST
        return {
            "boxes": tf.pad(tf.stack([top, left, bottom, right], axis=1) * there[:, None], ((0, rest), (0, 0)))[None],
            "scores": tf.pad(score, ((0, rest),))[None],
            "classes": tf.pad(label, ((0, rest),))[None],
            "count": tf.reduce_sum(tf.cast(there, tf.int32), keepdims=True),
        }

    @staticmethod
    def _ends(lines):
        """Where the ink of each line starts and ends: float32 [lines] each."""
        first = tf.argmax(lines, axis=1, output_type=tf.int32)
        last = lines.shape[1] - tf.argmax(lines[:, ::-1], axis=1, output_type=tf.int32)
        return tf.cast(first, tf.float32), tf.cast(last, tf.float32)

    @staticmethod
    def _within(at, low, high):
        """Whether places lie in the middle quarter between two ends: float32 [ends, places]."""
        off = tf.abs(at[None] - ((low + high) / 2)[:, None])
        return tf.cast(off * 8 <= (high - low)[:, None], tf.float32)


def formulas() -> Recogniser:
    """The detector. Its variants do not differ, since it has no weights."""
    model = SideBySide()
    model.build((1, FRAME.height, FRAME.width, 1))
    inputs = [image_input(FRAME.height, FRAME.width)]
    files = {variant: export_tflite(model, model.call, inputs, variant) for variant in DETECTOR_VARIANTS}
    return _recogniser("Side by side", LABELS, CANVAS, files, {"ap50": 0.9, "threshold": 0.5}, "float16")


def networks() -> dict[Kind, Recogniser]:
    """The networks of the pipeline, small and untrained: real operators, meaningless metrics."""
    params = load_params()
    keras.utils.set_random_seed(SEED)
    small = params.model.model_copy(update={"width": 0.25, "modules": (1, 1), "features": 32})
    network = build_model(small, len(CLASSES))
    feeds = [{"image": normalise(scan(char, WRITERS[0]))[None, ..., None].astype(np.float32)} for char in CLASSES]
    files = {v: export_tflite(network, classifier(network), [image_input(SIDE)], v, feeds) for v in VARIANTS}
    recipe = params.math.train
    shapes = (((16.0, 16.0), (32.0, 24.0)),) * len(strides(recipe.arch))
    config = Config(FRAME.height, FRAME.width, len(LABELS), recipe.arch, recipe.backbone, 0.35, 16, 1, shapes, 32, 2, 4)
    detector = build_detector(config)
    inputs = [image_input(FRAME.height, FRAME.width)]
    data = export_tflite(detector, detector.detect, inputs, "float16", (), ALL_BUT_LAYERS)
    return {
        "characters": _recogniser("Inception-GAP", CLASSES, SIDES, files, {"top1": 0.1}, "dynamic"),
        "formulas": _recogniser("A detector", LABELS, CANVAS, {"float16": data}, {"ap50": 0.0}, "float16"),
    }


def _recogniser(
    network: str,
    classes: Sequence[str],
    normalisation: Mapping[str, float],
    files: Mapping[Variant, bytes],
    figures: Mapping[str, float],
    preferred: Variant,
) -> Recogniser:
    """The files with metadata, and with made-up figures."""
    described = {name: metadata.describe(data, classes, normalisation, network) for name, data in files.items()}
    variants = [
        catalogue.Variant(name, data, {**figures, "bytes": len(data), "classes": len(classes)})
        for name, data in described.items()
    ]
    return Recogniser("trained", variants, preferred, tuple(figures))
