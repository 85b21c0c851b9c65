"""What must stay in float has no range: int8 reaches neither box arithmetic nor operators outside the scope."""

import numpy as np
import pytest

from pipeline.detector.boxes import suppress
from pipeline.edge import export
from pipeline.edge.export import ALL_BUT_LAYERS, export_tflite, image_input, keras
from pipeline.edge.graph import read_graph

SIDE, BOXES = 8, 6
APART = 10_000.0  # pixels between boxes of two classes, as before non-maximum suppression


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(7)
    layers = keras.layers
    stack = [
        layers.Conv2D(4, 3, activation="relu", name="first"),
        layers.Flatten(),
        layers.Dense(4 * BOXES, name="last"),
    ]
    return keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Rescaling(1 / 255), *stack])


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (16, SIDE, SIDE, 1)).astype(np.float32)


def suppression(network):
    """Suppresses boxes of several classes as a detector does: with an offset per class."""

    def call(image):
        offsets = APART * np.arange(BOXES, dtype=np.float32)[:, None]
        return {"kept": suppress(keras.ops.reshape(network(image), (1, BOXES, 4)) + offsets, 0.5)}

    return call


def exported(network, images: np.ndarray, scope: str = "") -> bytes:
    feeds = [{"image": image[None]} for image in images]
    return export_tflite(network, suppression(network), [image_input(SIDE)], "int8", feeds, ALL_BUT_LAYERS, scope)


def slices(data: bytes) -> set[str]:
    """Types of the sliced corners."""
    return {tensor.dtype for tensor in read_graph(data).activations if tensor.name.startswith("strided_slice")}


def test_box_arithmetic_is_in_float(network, images):
    data = exported(network, images)
    assert read_graph(data).weights["int8"] > 0
    assert slices(data) == {"float32"}


def test_the_list_of_operators_alone_would_not_do(network, images, monkeypatch):
    """Then the converter slices in int8, although slices are denied; once it does not, `drop_ranges` can go."""
    monkeypatch.setattr(export, "drop_ranges", lambda data, *_: data)
    assert "int8" in slices(exported(network, images))


def test_operators_outside_the_scope_stay_in_float(network, images):
    weights = read_graph(exported(network, images, "last")).weights
    assert weights["int8"] == 4 * (SIDE - 2) ** 2 * 4 * BOXES
    assert weights["float32"] >= 4 * 3 * 3


def test_the_same_model_gives_the_same_bytes(network, images):
    assert exported(network, images) == exported(network, images)
