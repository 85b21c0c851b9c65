import keras
import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.hccr.model import build_model
from pipeline.hccr.start import start_from
from pipeline.learning.weights import pack
from pipeline.params import Model

SMALL = Model(crop=4, width=0.125, modules=(1, 1), features=16, pooling="weighted", rank=8, dropout=0.1)


@pytest.fixture
def released(tmp_path):
    """A network for 一, 二 and 三, and the file of its weights."""
    keras.utils.set_random_seed(1)
    network = build_model(SMALL, 3)
    path = tmp_path / "weights.npz"
    path.write_bytes(pack(network, "一二三"))
    return network, path


def test_weights_are_matched_by_label(released):
    network, path = released
    keras.utils.set_random_seed(2)
    model = build_model(SMALL, 4)
    before = model.get_weights()
    assert start_from(model, ["三", "丁", "一", "七"], path) == 2
    found, expected = model.get_weights(), network.get_weights()
    for one, other in zip(found[:-2], expected[:-2], strict=True):
        np.testing.assert_array_equal(one, other.astype(np.float16).astype(np.float32))
    for row, source in ((0, 2), (2, 0)):
        np.testing.assert_array_equal(found[-2][:, row], expected[-2][:, source].astype(np.float16))
    for row in (1, 3):
        np.testing.assert_array_equal(found[-2][:, row], before[-2][:, row])


def test_the_same_weights_give_the_same_bytes(released):
    network, path = released
    assert pack(network, "一二三") == path.read_bytes()


def test_weights_of_another_network_are_refused(released):
    other = build_model(SMALL.model_copy(update={"features": 24}), 3)
    with pytest.raises(InkError, match=r"weights\.npz: expected weights of the network that params\.yaml describes"):
        start_from(other, ["一", "二", "三"], released[1])


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(InkError, match=r"weights\.npz: expected the weights of a released recogniser"):
        start_from(build_model(SMALL, 3), ["一"], path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InkError, match=r"none\.npz: expected the weights of a released recogniser"):
        start_from(build_model(SMALL, 3), ["一"], tmp_path / "none.npz")


def test_weights_that_do_not_fit_into_16_bits_are_refused():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.array([[1e6]], np.float32)])
    with pytest.raises(InkError, match="expected weights below 65504"):
        pack(network, "一")
