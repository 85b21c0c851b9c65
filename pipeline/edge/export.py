"""Keras model -> TFLite flatbuffer, in the four variants of `pipeline.edge.variants`. A conversion takes a few seconds.

    data = export_tflite(model, classifier(model), [image_input(56)], "dynamic")

The way is ExportArchive -> SavedModel -> converter: a bare concrete function over Keras 3 layers loses the
weights on its way to the converter, and the outputs are NaN.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from pipeline.edge.graph import OPERATORS
from pipeline.edge.quiet import quiet
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.errors import InkError

with quiet():  # the notes of TensorFlow's start
    import keras
    import tensorflow as tf
    from tensorflow.lite.python.convert_phase import ConverterError

Function = Callable[..., Mapping[str, tf.Tensor]]
ALL_BUT_LAYERS = tuple(sorted(OPERATORS - {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}))
"""For `float_operators`: int8 does the layers, where the work is, and leaves arithmetic on boxes exact."""

Feed = Mapping[str, np.ndarray]  # the inputs of one call, by name


def image_input(height: int, width: int | None = None, channels: int = 1) -> tf.TensorSpec:
    """The input `image`: float32 [1, height, width, channels], raw values 0..255; a square if `width` is left out."""
    return tf.TensorSpec((1, height, width or height, channels), tf.float32, name="image")


def classifier(model: keras.Model) -> Function:
    """What is exported of a model that returns logits: `image` -> `probabilities`, float32 [1, classes]."""

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
) -> bytes:
    """Converts `function`, which calls `model`, to a flatbuffer of built-in operators with named inputs and outputs.

    Args:
        model: owner of the variables that the function uses.
        function: takes a tensor for each of `inputs`, returns named tensors.
        inputs: named, with static shapes.
        variant: see `pipeline.edge.variants`.
        calibration: inputs that show int8 the range of every activation; a few hundred do. Only
            int8 reads them.
        float_operators: built-in operators that int8 leaves in float. An int8 softmax has steps of 1/256: of
            thousands of classes all but a handful become 0, and the order behind the first is lost.

    Raises:
        InkError: for an unknown variant, int8 without calibration, Keras on another backend than TensorFlow, or a
            function that built-in operators cannot express.
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
            return _convert(directory, variant, feeds, float_operators)
        except ConverterError as error:
            reason = "\n".join(str(error).splitlines()[:4])
            raise InkError(f"built-in TFLite operators cannot express this model as {variant}: {reason}") from error


def _convert(directory: str, variant: Variant, feeds: list[Feed], float_operators: Sequence[str]) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(directory)
    if variant == "float32":
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if variant != "int8":
        return converter.convert()
    converter.representative_dataset = lambda: iter(feeds)
    # The converter has no way to leave an operator in float; the debugger on top of the same converter has.
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(float_operators))
    with warnings.catch_warnings():
        # The debugger's own interpreter: in TensorFlow, not in LiteRT.
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
        )
        return debugger.get_nondebug_quantized_model()
