"""A batch norm moves into the layer before it: to the last bit of float64 arithmetic, and only where that is right."""

import math

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from pipeline.detector.anchors import choose_shapes
from pipeline.detector.network import Config, build_network, strides
from pipeline.edge.export import export_tflite, image_input, keras
from pipeline.edge.folding import fold_batch_norm
from pipeline.edge.graph import read_graph
from pipeline.errors import InkError
from pipeline.hccr.model import build_model
from pipeline.params import load_params

layers = keras.layers
SIDE, CHANNELS = 6, 3
EPSILON = 1e-3  # of a norm, as Keras has it
TOLERANCE = 1e-5  # of outputs of about 1

FOLDABLE = {
    "convolution": layers.Conv2D(5, 3, padding="same", use_bias=False),
    "convolution with a bias": layers.Conv2D(5, 3, strides=2),
    "grouped convolution": layers.Conv2D(6, 3, groups=3),
    "depthwise convolution": layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
    "depthwise convolution with a bias": layers.DepthwiseConv2D(3),
    "separable convolution": layers.SeparableConv2D(5, 3, use_bias=False),
    "separable convolution with a bias": layers.SeparableConv2D(5, 3, depth_multiplier=2),
    "dense": layers.Dense(5),
}


def image():
    return keras.Input((SIDE, SIDE, CHANNELS), name="image")


def convolution(channels: int = CHANNELS, **options) -> keras.layers.Layer:
    return layers.Conv2D(channels, 3, padding="same", use_bias=False, **options)


def drawn(inputs, outputs) -> keras.Model:
    """A functional model with weights of either sign and norms that differ from the identity."""
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(4)
    for weight in model.weights:
        low = 0.1 if weight.name in ("gamma", "moving_variance") else -1.0
        weight.assign(rng.uniform(low, 1.0, weight.shape).astype(np.float32))
    return model


def followed(layer, **options) -> keras.Model:
    """`layer` and a norm."""
    x = image()
    layer = type(layer).from_config(layer.get_config())
    return drawn(x, layers.ReLU()(layers.BatchNormalization(**options)(layer(x))))


def norms(model: keras.Model) -> int:
    return sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)


def outputs(model: keras.Model) -> list[np.ndarray]:
    images = np.random.default_rng(5).uniform(-1, 1, (4, *model.input_shape[1:])).astype(np.float32)
    return [keras.ops.convert_to_numpy(y) for y in keras.tree.flatten(model(images, training=False))]


def assert_same(found: keras.Model, expected: keras.Model) -> None:
    for ours, theirs in zip(outputs(found), outputs(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}], ids=str)
@pytest.mark.parametrize("name", FOLDABLE)
def test_the_norm_is_gone_and_the_outputs_stay(name, options):
    model = followed(FOLDABLE[name], **options)
    before = model.get_weights()
    folded = fold_batch_norm(model)
    assert [layer.name for layer in folded.layers] == [layer.name for layer in model.layers if "norm" not in layer.name]
    assert_same(folded, model)
    np.testing.assert_equal(model.get_weights(), before)


@pytest.mark.parametrize("name", ["convolution", "convolution with a bias", "depthwise convolution"])
def test_weights_are_those_of_float64_arithmetic_to_the_last_bit(name):
    model = followed(FOLDABLE[name])
    layer, norm = model.layers[1:3]
    kernel, *bias = (weight.astype(float) for weight in layer.get_weights())
    channels = kernel.reshape(-1, norm.gamma.shape[0])  # of a depthwise kernel: [in, multiplier] as one axis
    biases = bias[0].tolist() if bias else [0.0] * channels.shape[1]
    expected_kernel, expected_bias = np.empty_like(channels), []
    for i, (gamma, beta, mean, variance) in enumerate(np.stack(norm.get_weights(), axis=1).tolist()):
        scale = gamma / math.sqrt(variance + EPSILON)
        expected_kernel[:, i] = [value * scale for value in channels[:, i].tolist()]
        expected_bias.append((biases[i] - mean) * scale + beta)
    found_kernel, found_bias = fold_batch_norm(model).layers[1].get_weights()
    assert found_kernel.dtype == found_bias.dtype == np.float32
    np.testing.assert_array_equal(found_kernel, expected_kernel.astype(np.float32).reshape(kernel.shape))
    np.testing.assert_array_equal(found_bias, np.float32(expected_bias))


def test_a_chain_and_branches_fold():
    x = image()
    y = layers.BatchNormalization()(convolution()(x))
    left = layers.BatchNormalization()(convolution()(y))  # the norm before it has two readers, the convolution has one
    right = layers.BatchNormalization()(convolution(activation=None)(y))
    model = drawn(x, {"sum": left + right, "right": right})
    folded = fold_batch_norm(model)
    assert norms(folded) == 0
    assert set(folded.output) == {"sum", "right"}
    assert_same(folded, model)


def with_an_activation(x):
    return layers.BatchNormalization()(convolution(activation="relu")(x))


def with_a_second_reader(x):
    y = convolution()(x)
    return layers.BatchNormalization()(y) + y


def with_the_layer_as_an_output(x):
    y = convolution()(x)
    return [layers.BatchNormalization()(y), y]


def with_a_layer_for_two_norms(x):
    shared = convolution()
    return layers.BatchNormalization()(shared(x)) + layers.BatchNormalization()(shared(-x))


def with_a_norm_for_two_layers(x):
    shared = layers.BatchNormalization()
    return shared(convolution()(x)) + shared(convolution()(x))


def with_pooling_between(x):
    return layers.BatchNormalization()(layers.MaxPooling2D()(convolution()(x)))


def with_a_norm_of_rows(x):
    return layers.BatchNormalization(axis=1)(convolution()(x))


def with_a_norm_first(x):
    return convolution()(layers.BatchNormalization()(x))


@pytest.mark.parametrize(
    "build",
    [
        with_an_activation,
        with_a_second_reader,
        with_the_layer_as_an_output,
        with_a_layer_for_two_norms,
        with_a_norm_for_two_layers,
        with_pooling_between,
        with_a_norm_of_rows,
        with_a_norm_first,
    ],
)
def test_a_norm_stays(build):
    x = image()
    model = drawn(x, build(x))
    folded = fold_batch_norm(model)
    assert norms(folded) == norms(model) > 0
    np.testing.assert_equal(outputs(folded), outputs(model))


def test_a_norm_with_the_statistics_of_the_batch_stays():
    x = image()
    assert norms(fold_batch_norm(drawn(x, layers.BatchNormalization()(convolution()(x), training=True)))) == 1


def test_a_sequential_model_folds():
    model = keras.Sequential([image(), convolution(), layers.BatchNormalization(), layers.Flatten()])
    folded = fold_batch_norm(model)
    assert norms(folded) == 0
    assert folded.output_shape == model.output_shape
    assert_same(folded, model)


def test_other_models_are_refused():
    class Subclass(keras.Model):
        def get_config(self):
            return {}

    with pytest.raises(InkError, match="functional model, found Subclass"):
        fold_batch_norm(Subclass())


def test_the_file_has_no_arithmetic_between_layers_and_the_very_weights():
    x = image()
    y = layers.ReLU()(layers.BatchNormalization()(convolution(5)(x)))
    y = layers.ReLU()(layers.BatchNormalization()(layers.DepthwiseConv2D(3, use_bias=False)(y)))
    folded = fold_batch_norm(drawn(x, y))
    inputs = [image_input(SIDE, channels=CHANNELS)]
    data = export_tflite(folded, lambda image: {"y": folded(image)}, inputs, "float32")
    assert read_graph(data).operators == {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1}
    buffers = [bytes(one.data) for one in schema.ModelT.InitFromPackedBuf(data, 0).buffers if one.data is not None]
    kernel, bias, depthwise, depthwise_bias = folded.get_weights()
    for weight in (kernel.transpose(3, 0, 1, 2), bias, depthwise, depthwise_bias):  # TFLite: [out, height, width, in]
        assert weight.tobytes() in buffers


def test_no_norm_is_left_in_the_recogniser():
    params = load_params().model
    model = build_model(params.model_copy(update={"width": 0.125}), 10)
    assert norms(model) > 0
    assert norms(fold_batch_norm(model)) == 0


@pytest.mark.parametrize(
    ("arch", "backbone"),
    [("ssd_fpn", "mobilenet_v2"), ("faster_rcnn_fpn", "mobilenet_v3_small"), ("faster_rcnn", "mobilenet_v3_large")],
)
def test_no_norm_is_left_in_a_detector(arch, backbone):
    shapes = choose_shapes(np.array([[0, 0, 20, 20]], np.float32), strides(arch), 1)
    config = Config(64, 64, 3, arch, backbone, 0.35, 16, 1, shapes, symbol=24.0, pen=2.0, margin=4)
    model = build_network(config)
    assert norms(model) > 0
    folded = fold_batch_norm(model)
    assert norms(folded) == 0
    assert set(folded.output) == set(model.output)
    assert_same(folded, model)
