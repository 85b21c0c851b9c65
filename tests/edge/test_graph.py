"""Counts that can be worked out by hand."""

import numpy as np
import pytest

from pipeline.edge.export import export_tflite, keras, tf
from pipeline.edge.graph import read_graph
from pipeline.edge.quiet import quiet
from pipeline.errors import InkError

layers = keras.layers


def graph_of(shape, *stack):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape), *stack])
    for weights in model.weights:  # the converter drops biases that are all zero
        weights.assign(np.random.default_rng(0).normal(size=weights.shape))
    spec = tf.TensorSpec((1, *shape), tf.float32, name="x")
    return read_graph(export_tflite(model, lambda x: {"y": model(x)}, [spec], "float32"))


@pytest.mark.parametrize(
    ("shape", "layer", "macs", "parameters"),
    [
        ((8, 8, 3), layers.Conv2D(5, 3, padding="same"), 8 * 8 * 5 * 3 * 3 * 3, 3 * 3 * 3 * 5 + 5),
        ((8, 8, 3), layers.Conv2D(5, 3, strides=2), 3 * 3 * 5 * 3 * 3 * 3, 3 * 3 * 3 * 5 + 5),
        ((8, 8, 4), layers.Conv2D(6, 3, groups=2, padding="same"), 8 * 8 * 6 * 3 * 3 * 2, 3 * 3 * 2 * 6 + 6),
        ((8, 8, 3), layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), 8 * 8 * 6 * 9, 9 * 6 + 6),
        ((4, 4, 3), layers.Conv2DTranspose(5, 2, strides=2), 4 * 4 * 3 * 2 * 2 * 5, 2 * 2 * 3 * 5 + 5),
        ((7,), layers.Dense(11), 7 * 11, 7 * 11 + 11),
    ],
)
def test_multiply_accumulates_and_parameters(shape, layer, macs, parameters):
    graph = graph_of(shape, layer)
    assert graph.macs == macs
    assert graph.parameters == parameters


@pytest.mark.parametrize("transpose", [False, True])
def test_a_matrix_product_of_two_activations(transpose, network):
    left = tf.TensorSpec((2, 5, 3) if transpose else (2, 3, 5), name="left")
    right = tf.TensorSpec((2, 5, 7), name="right")

    def product(left, right):
        return {"product": tf.matmul(left, right, transpose_a=transpose)}

    graph = read_graph(export_tflite(network, product, [left, right], "float32"))
    assert graph.operators["BATCH_MATMUL"] == 1
    assert graph.macs == 2 * 3 * 5 * 7
    assert graph.parameters == 0


def test_variants_differ_in_storage_not_in_parameters_or_compute(exported):
    graphs = [read_graph(data) for data in exported.values()]
    assert len({graph.parameters for graph in graphs}) == 1
    assert len({graph.macs for graph in graphs}) == 1


@pytest.mark.parametrize("variant", ["float32", "float16"])
def test_tables_and_masks_are_no_parameters(variant):
    rng = np.random.default_rng(0)
    layer = layers.Dense(11)
    model = keras.Sequential([keras.Input((7,)), layer])
    for weights in model.weights:
        weights.assign(rng.normal(size=weights.shape))
    table, mask = rng.normal(size=(50, 11)).astype(np.float32), rng.normal(size=(5, 11)).astype(np.float32)

    def call(x, row):
        return {"y": (tf.gather(table, row) + model(x)) * mask}

    inputs = [tf.TensorSpec((1, 7), tf.float32, name="x"), tf.TensorSpec((5,), tf.int32, name="row")]
    assert read_graph(export_tflite(model, call, inputs, variant)).parameters == 7 * 11 + 11


def test_the_signature_names_inputs_and_outputs_in_the_models_order(network):
    def call(image, scale):
        logits = network(image, training=False) * scale
        return {"second": tf.argmax(logits, axis=1, output_type=tf.int32), "first": logits}

    inputs = [tf.TensorSpec((1, 24, 24, 1), tf.float32, name="image"), tf.TensorSpec((1,), tf.float32, name="scale")]
    graph = read_graph(export_tflite(network, call, inputs, "float32"))
    assert graph.signature.key == "serving_default"
    assert tuple(graph.signature.inputs.values()) == graph.inputs
    assert tuple(graph.signature.outputs.values()) == graph.outputs
    assert {name: (t.dtype, t.shape) for name, t in graph.signature.inputs.items()} == {
        "image": ("float32", (1, 24, 24, 1)),
        "scale": ("float32", (1,)),
    }
    assert {name: (t.dtype, t.shape) for name, t in graph.signature.outputs.items()} == {
        "first": ("float32", (1, 40)),
        "second": ("int32", (1,)),
    }


@pytest.mark.parametrize(("variant", "runtime"), [("float32", "1.6.0"), ("dynamic", "2.17.0")])
def test_the_runtime_that_a_model_needs(exported, variant, runtime):
    assert read_graph(exported[variant]).runtime == runtime


def test_a_model_may_have_no_signature():
    with quiet():
        function = tf.function(lambda x: x * 2, input_signature=[tf.TensorSpec((1, 8), name="x")])
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
        graph = read_graph(converter.convert())
    assert graph.signature is None
    assert [tensor.shape for tensor in graph.inputs] == [(1, 8)]


def test_damaged_models_are_refused_or_read(exported):
    data, rng = exported["dynamic"], np.random.default_rng(0)
    refusals = []
    for trial in range(60):
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[rng.integers(8, len(data), 100)] = rng.integers(0, 256, 100)
        damaged = damaged[: len(data) if trial % 2 else rng.integers(8, len(data))]
        try:
            read_graph(damaged.tobytes())
        except InkError as error:
            refusals.append(str(error))
    assert len(refusals) > 30
    assert all(refusal.startswith("broken TFLite model of ") for refusal in refusals)
