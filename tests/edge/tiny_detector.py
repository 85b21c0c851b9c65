"""A made-up detector: it reads its detections from the picture, so that a test can choose them.

Row i of the canvas holds detection i: ymin, xmin, ymax, xmax, class and score (in 250ths). The count is in the last.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.edge.export import export_tflite, image_input, keras, tf
from pipeline.formats.formula import Formula
from pipeline.formats.png import encode_png

HEIGHT, WIDTH = 128, 96
CLASSES = ["+", "=", "x"]
PLUS, EQUALS, X = range(3)
SCORE_STEPS = 250

# Of every detector: dtypes and shapes.
OUTPUTS = [("float32", (1, 100)), ("float32", (1, 100, 4)), ("int32", (1,)), ("int32", (1, 100))]

Row = tuple[Sequence[int], int, float]  # box, class, score


class Reader(keras.Model):
    """Has one weight, as the converter tracks a model's variables."""

    def __init__(self) -> None:
        super().__init__()
        self.step = self.add_weight(shape=(), initializer=keras.initializers.Constant(SCORE_STEPS))

    def call(self, image):
        rows = image[0, :100, :, 0]
        return {
            "boxes": rows[None, :, :4],
            "scores": rows[None, :, 5] / self.step,
            "classes": tf.cast(rows[None, :, 4], tf.int32),
            "count": tf.cast(image[0, -1:, 0, 0], tf.int32),
        }


def tiny_detector(variant: str = "float32") -> bytes:
    model = Reader()
    model.build((1, HEIGHT, WIDTH, 1))
    return export_tflite(model, lambda image: model.call(image), [image_input(HEIGHT, WIDTH)], variant)


def line(*corners: tuple[float, float]) -> np.ndarray:
    """A stroke as samples hold it, ten points from corner to corner."""
    at = np.linspace(0, len(corners) - 1, 10)
    xy = [np.interp(at, range(len(corners)), values) for values in zip(*corners, strict=True)]
    return np.stack(xy, axis=1).astype(np.float32).reshape(-1)


def formula(
    key: str, truth: Sequence[tuple[Sequence[int], int]], found: Sequence[Row], strokes=(), members=(), count=None
) -> Formula:
    """A sample whose picture contains the tiny detector's detections."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row, (box, label, score) in enumerate(found):
        image[row, :6] = [*box, label, round(score * SCORE_STEPS)]
    image[-1, 0] = len(found) if count is None else count
    boxes = np.array([box for box, _ in truth], np.float32).reshape(-1, 4)
    labels = np.array([label for _, label in truth], np.int64)
    symbols = [CLASSES[label] for label in labels]
    return Formula(
        key, "w", "", "", HEIGHT, WIDTH, encode_png(image), boxes, labels, symbols, list(strokes), list(members)
    )
