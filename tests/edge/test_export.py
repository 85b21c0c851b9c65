"""Every variant computes what the Keras model computes, as closely as its number format allows."""

import numpy as np
import pytest

from pipeline.edge.export import classifier, export_tflite, image_input, keras, tf
from pipeline.edge.graph import read_graph
from pipeline.edge.litert import Runner
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError

# Largest difference of a probability from Keras: rounding of float32, float16 and int8.
TOLERANCE = {"float32": 1e-5, "float16": 5e-3, "dynamic": 0.05, "int8": 0.1}
CONVOLUTION, HIDDEN, CLASSIFIER = 9 * 16, 9 * 16 * 128, 128 * 40
BIASES = 16 + 128 + 40
LARGE = 1024  # TFLite leaves weight tensors of fewer numbers in float under `dynamic`


@pytest.mark.parametrize("variant", VARIANTS)
def test_probabilities_are_those_of_keras(exported, images, expected, variant):
    found = Runner(exported[variant])(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=TOLERANCE[variant])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert np.mean(found.argmax(axis=1) == expected.argmax(axis=1)) >= 0.98


def test_float16_halves_and_int8_quarters_the_file(exported):
    sizes = {variant: len(data) for variant, data in exported.items()}
    assert sizes["float32"] > sizes["float16"] > sizes["int8"] > sizes["dynamic"]
    assert 0.5 < sizes["float16"] / sizes["float32"] < 0.55
    assert 0.25 < sizes["dynamic"] / sizes["float32"] < 0.33


@pytest.mark.parametrize(
    ("variant", "weights"),
    [
        ("float32", {"float32": CONVOLUTION + HIDDEN + CLASSIFIER + BIASES}),
        ("float16", {"float16": CONVOLUTION + HIDDEN + CLASSIFIER + BIASES}),
        ("dynamic", {"float32": CONVOLUTION + BIASES, "int8": HIDDEN + CLASSIFIER}),
        ("int8", {"int8": CONVOLUTION + HIDDEN + CLASSIFIER, "int32": BIASES}),
    ],
)
def test_weights_are_stored_in_the_variants_type(exported, variant, weights):
    assert CONVOLUTION < LARGE < CLASSIFIER
    assert read_graph(exported[variant]).weights == weights


def test_batch_norm_and_rescaling_fold_into_the_convolution(exported):
    expected = {"CONV_2D": 2, "MAX_POOL_2D": 1, "MEAN": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1}
    assert read_graph(exported["float32"]).operators == expected


@pytest.mark.parametrize("variant", VARIANTS)
def test_inputs_and_outputs_are_float32_in_every_variant(exported, variant):
    graph = read_graph(exported[variant])
    assert [(tensor.dtype, tensor.shape) for tensor in graph.inputs] == [("float32", (1, 24, 24, 1))]
    assert [(tensor.dtype, tensor.shape) for tensor in graph.outputs] == [("float32", (1, 40))]


def test_int8_keeps_the_order_behind_the_first(exported, images):
    probabilities = Runner(exported["int8"])(images)
    distinct = [len(np.unique(row)) for row in probabilities]
    assert min(distinct) > 10


def test_the_same_model_gives_the_same_bytes(network, exported):
    again = export_tflite(network, classifier(network), [image_input(24)], "dynamic")
    assert again == exported["dynamic"]


def test_any_function_with_named_tensors_can_be_exported(network):
    def detector(image, scale):
        logits = network(image, training=False) * scale
        return {"best": tf.argmax(logits, axis=1, output_type=tf.int32), "logits": logits}

    inputs = [image_input(24), tf.TensorSpec((1,), tf.float32, name="scale")]
    graph = read_graph(export_tflite(network, detector, inputs, "dynamic"))
    assert len(graph.inputs) == 2
    assert sorted((tensor.dtype, tensor.shape) for tensor in graph.outputs) == [("float32", (1, 40)), ("int32", (1,))]


def test_nothing_is_printed(network, capfd):
    export_tflite(network, classifier(network), [image_input(24)], "float32")
    assert capfd.readouterr() == ("", "")


def test_int8_needs_calibration(network):
    with pytest.raises(InkError, match="int8 needs calibration"):
        export_tflite(network, classifier(network), [image_input(24)], "int8")


def test_an_unknown_variant_is_named(network):
    with pytest.raises(InkError, match=r"'int4'.*float32, float16, dynamic, int8"):
        export_tflite(network, classifier(network), [image_input(24)], "int4")


def test_another_backend_is_refused(network, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(InkError, match="KERAS_BACKEND=tensorflow"):
        export_tflite(network, classifier(network), [image_input(24)], "float32")


def test_a_function_beyond_the_built_in_operators_is_refused(network, capfd):
    def determinant(image):
        return {"determinant": tf.linalg.det(image[..., 0]) + network(image)[0, 0]}

    with pytest.raises(InkError, match="cannot express"):
        export_tflite(network, determinant, [image_input(24)], "float32")
    assert capfd.readouterr() == ("", "")
