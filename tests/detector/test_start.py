import keras
import numpy as np
import pytest

from pipeline.detector.model import build_detector
from pipeline.detector.network import Config
from pipeline.detector.start import start_from
from pipeline.errors import InkError
from pipeline.learning.weights import pack
from tests.detector.conftest import HEIGHT, WIDTH

SHAPES = (((8.0, 8.0),),) * 4


def build(classes=3, context=1, channels=16, seed=1):
    keras.utils.set_random_seed(seed)
    return build_detector(
        Config(HEIGHT, WIDTH, classes, "faster_rcnn_fpn", "mobilenet_v2", 0.35, channels, context, SHAPES, 32, 2, 4)
    )


@pytest.fixture
def released(tmp_path):
    """A detector of x, y and z without context, and the file of its weights."""
    detector = build(context=0)
    path = tmp_path / "weights.npz"
    path.write_bytes(pack(detector, "xyz"))
    return detector, path


def test_what_both_have_is_taken_over_and_names_are_matched_by_label(released):
    detector, path = released
    model = build(classes=2, context=1, seed=2)
    before = {variable.path: variable.numpy() for variable in model.weights}
    assert start_from(model, ["z", "w"], path) == len(detector.weights)
    known = {variable.path: variable.numpy().astype(np.float16) for variable in detector.weights}
    for variable in model.weights:
        if "context" in variable.path:
            np.testing.assert_array_equal(variable, before[variable.path])
        elif "region_scores" in variable.path:
            old, new = known[variable.path], variable.numpy()
            np.testing.assert_array_equal(new[..., [0, 2]], old[..., [2, 3]])  # z, and the background
            np.testing.assert_array_equal(new[..., 1], before[variable.path][..., 1])
        else:
            np.testing.assert_array_equal(variable, known[variable.path])


def test_a_detector_of_another_shape_is_refused(released):
    with pytest.raises(InkError, match=r"weights\.npz: expected weights of a detector like the one .*found .*\(16,\)"):
        start_from(build(channels=24), ["x", "y", "z"], released[1])


def test_weights_of_something_else_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    path.write_bytes(pack(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="other")]), "x"))
    with pytest.raises(InkError, match="found 2 arrays with other names"):
        start_from(build(), ["x"], path)
