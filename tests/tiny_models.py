"""Two models that work without training: characters by similarity to four templates, bars by the extent of the ink."""

import numpy as np

from pipeline.edge import metadata
from pipeline.edge.export import classifier, export_tflite, image_input, keras, tf
from pipeline.ink.canvas import MARGIN as CANVAS_MARGIN
from pipeline.ink.canvas import Frame
from pipeline.ink.normalise import MARGIN, SIDE, normalise

CHARACTERS = "一丨十口"
PAPER, INK = 255, 0
FRAME = Frame(height=64, width=128, symbol=24.0, pen=2.0)
BARS = ["-", "|"]
SURE, UNSURE = 0.875, 0.625  # of the left bar and of the right one


def scan(char: str, side: int = 60, pen: int = 8) -> np.ndarray:
    """A character drawn with a ruler, uint8 [side, side]: dark on white, a pen's width away from the edge."""
    picture = np.full((side, side), PAPER, np.uint8)
    low, middle, high = pen, (side - pen) // 2, side - 2 * pen
    rows = {"一": [middle], "丨": [], "十": [middle], "口": [low, high]}[char]
    columns = {"一": [], "丨": [middle], "十": [middle], "口": [low, high]}[char]
    for row in rows:
        picture[row : row + pen, low : high + pen] = INK
    for column in columns:
        picture[low : high + pen, column : column + pen] = INK
    return picture


def bars(times: int = 1) -> np.ndarray:
    """A lying bar and a standing one, uint8 [60, 120] or that many times as large; boxes are `BOXES`."""
    picture = np.full((60, 120), 220, np.uint8)
    for top, left, bottom, right in BOXES:
        picture[top:bottom, left:right] = 30
    return np.kron(picture, np.ones((times, times), np.uint8))


BOXES = [(26, 20, 34, 50), (15, 80, 45, 88)]  # ymin, xmin, ymax, xmax


class Templates(keras.Model):
    """Logits of a normalised picture: its similarity to the template of each character."""

    def __init__(self) -> None:
        super().__init__()
        pictures = np.stack([normalise(scan(char)) for char in CHARACTERS]).reshape(len(CHARACTERS), -1) / 255.0
        kernel = pictures / np.linalg.norm(pictures, axis=1, keepdims=True)
        self.kernel = self.add_weight(shape=kernel.T.shape, initializer=keras.initializers.Constant(kernel.T))

    def call(self, image, training=False):
        return tf.matmul(tf.reshape(image, (1, -1)) / 255, self.kernel)


class Halves(keras.Model):
    """Finds one bar in either half of the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.sure = self.add_weight(shape=(2,), initializer=keras.initializers.Constant([SURE, UNSURE]))

    def call(self, image):
        ink = tf.cast(image[0, :, :, 0] > 127, tf.float32)
        half = FRAME.width // 2
        boxes = tf.stack([self._extent(ink[:, :half], 0), self._extent(ink[:, half:], half)])
        lying = boxes[:, 3] - boxes[:, 1] > boxes[:, 2] - boxes[:, 0]
        return {
            "boxes": tf.pad(boxes, ((0, 98), (0, 0)))[None],
            "scores": tf.pad(self.sure, ((0, 98),))[None],
            "classes": tf.pad(tf.where(lying, 0, 1), ((0, 98),))[None],
            "count": tf.reduce_sum(tf.cast(self.sure > 0, tf.int32), keepdims=True),
        }

    @staticmethod
    def _extent(ink, left):
        def ends(line):  # the first and the last with ink
            first = tf.argmax(line, output_type=tf.int32)
            last = line.shape[0] - tf.argmax(line[::-1], output_type=tf.int32)
            return tf.cast(first, tf.float32), tf.cast(last, tf.float32)

        (top, bottom), (start, end) = ends(tf.reduce_max(ink, axis=1)), ends(tf.reduce_max(ink, axis=0))
        return tf.stack([top, start + left, bottom, end + left])


def character_model() -> bytes:
    """The recogniser with its metadata."""
    model = Templates()
    model.build((1, SIDE, SIDE, 1))
    data = export_tflite(model, classifier(model), [image_input(SIDE)], "float32")
    return metadata.describe(data, CHARACTERS, {"side": SIDE, "margin": MARGIN})


def formula_model() -> bytes:
    """The detector with its metadata."""
    model = Halves()
    model.build((1, FRAME.height, FRAME.width, 1))
    data = export_tflite(model, model.call, [image_input(FRAME.height, FRAME.width)], "float32")
    return metadata.describe(data, BARS, FRAME._asdict() | {"margin": CANVAS_MARGIN})
