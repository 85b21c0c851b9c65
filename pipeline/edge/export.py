"""Converts a Keras model to a TFLite flatbuffer in one of the four variants of `pipeline.edge.variants`.

    data = export_tflite(model, classifier(model), [image_input(56)], "dynamic")

A conversion takes a few seconds. It goes through ExportArchive and a SavedModel: the converter loses the weights of a
concrete function over Keras 3 layers, and the outputs are then NaN.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from pipeline.edge.graph import OPERATORS
from pipeline.edge.quiet import quiet
from pipeline.edge.ranges import drop_ranges
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.errors import InkError

with quiet():  # hides TensorFlow's start-up messages
    import keras
    import tensorflow as tf
    from tensorflow.lite.python.convert_phase import ConverterError

Function = Callable[..., Mapping[str, tf.Tensor]]
ALL_BUT_LAYERS = tuple(sorted(OPERATORS - {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}))
"""Value for `float_operators`: quantizes only the layers, which do most of the work, and keeps box arithmetic exact."""

Feed = Mapping[str, np.ndarray]  # inputs of one call, by name


def image_input(height: int, width: int | None = None, channels: int = 1) -> tf.TensorSpec:
    """The input `image`: float32 [1, height, width, channels], raw values 0..255; `width` defaults to `height`."""
    return tf.TensorSpec((1, height, width or height, channels), tf.float32, name="image")


def classifier(model: keras.Model, temperature: float = 1.0, offsets: np.ndarray | None = None) -> Function:
    """Wraps a model that returns logits for export: `image` -> `probabilities`, float32 [1, classes].

    Args:
        model: its last layer is dense, and computes the logits. Both changes below are made to its weights, so that
            they cost nothing.
        temperature: of the softmax (Guo et al. 2017). It divides the logits and changes no order.
        offsets: added to the logits before that, float [classes].

    Raises:
        InkError: there are more or fewer offsets than classes.
    """
    if offsets is not None:
        last = model.layers[-1]
        kernel, bias = last.get_weights()
        if len(offsets) != len(bias):
            raise InkError(f"expected one of each of the model's {len(bias)} classes, found {len(offsets)} labels")
        last.set_weights([kernel, bias + offsets.astype(np.float32)])
    if temperature != 1.0:
        last = model.layers[-1]
        last.set_weights([weights / np.float32(temperature) for weights in last.get_weights()])

    def call(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": tf.nn.softmax(model(image, training=False))}

    return call


def export_tflite(
    model: keras.Model,
    function: Function,
    inputs: Sequence[tf.TensorSpec],
    variant: Variant,
    calibration: Iterable[Feed] = (),
    float_operators: Sequence[str] = ("SOFTMAX",),
    scope: str = "",
) -> bytes:
    """Converts `function`, which calls `model`, to a flatbuffer of built-in operators with named inputs and outputs.

    Args:
        model: owns the variables that the function uses.
        function: takes one tensor per entry of `inputs` and returns named tensors.
        inputs: named inputs with static shapes.
        variant: see `pipeline.edge.variants`.
        calibration: inputs that int8 uses to measure the range of every activation; a few hundred suffice. Other
            variants ignore them.
        float_operators: built-in operators that int8 keeps in float. An int8 softmax has steps of 1/256: with
            thousands of classes, almost all probabilities become 0, and the order after the first is lost.
        scope: regular expression; int8 also keeps an operator in float if it matches nowhere in its output's name. It
            finds which part of a network loses accuracy.

    Raises:
        InkError: the variant is unknown, int8 has no calibration inputs, Keras does not run on TensorFlow, or built-in
            operators cannot express the function.
    """
    if variant not in VARIANTS:
        raise InkError(f"unknown variant {variant!r}: expected one of {', '.join(VARIANTS)}")
    if keras.backend.backend() != "tensorflow":
        found = keras.backend.backend()
        raise InkError(f"TFLite export needs Keras on TensorFlow, found {found!r}: set KERAS_BACKEND=tensorflow")
    feeds = list(calibration) if variant == "int8" else []
    if variant == "int8" and not feeds:
        raise InkError("variant int8 needs calibration inputs, found none: pass images of the training part")
    with tempfile.TemporaryDirectory() as directory, quiet():
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serving_default", function, input_signature=list(inputs))
        archive.write_out(directory, verbose=False)
        try:
            return _convert(directory, variant, feeds, float_operators, scope)
        except ConverterError as error:
            reason = "\n".join(str(error).splitlines()[:4])
            raise InkError(f"built-in TFLite operators cannot express this model as {variant}: {reason}") from error


def _convert(directory: str, variant: Variant, feeds: list[Feed], float_operators: Sequence[str], scope: str) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(directory)
    if variant == "float32":
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if variant != "int8":
        return converter.convert()
    converter.representative_dataset = lambda: iter(feeds)
    # Only the debugger, which wraps the same converter, can keep selected operators in float.
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(float_operators))
    with warnings.catch_warnings():
        # The debugger uses TensorFlow's interpreter, which is deprecated in favour of LiteRT.
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
        )
        debugger.calibrated_model = drop_ranges(debugger.calibrated_model, float_operators, scope)
        return debugger.get_nondebug_quantized_model()
