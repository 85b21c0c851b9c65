"""Folds batch normalisation into the layers before it, so that a model file does not depend on the processor.

    network = fold_batch_norm(network)    # before `pipeline.edge.export.export_tflite`

The TFLite converter folds it too, but with TensorFlow's kernels: their reciprocal square root refines the processor's
approximation (RSQRTPS), whose bits depend on the processor, so the same weights gave different files. Here, only +, -,
*, / and the square root are used: IEEE 754 defines every bit of their results.

Reference: Jacob et al. 2018 (section 3.2, batch normalisation folding).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.edge.quiet import quiet
from pipeline.errors import InkError

with quiet():  # hides TensorFlow's start-up messages
    import keras
    from keras import layers

FOLDABLE = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Dense)
"""Types whose outputs are linear in their last kernel, one scale per output channel. Subclasses may compute more."""


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """Copies a model for inference, in which layers take over the batch norms that follow them.

    The kernel becomes `kernel * scale` and the bias `(bias - mean) * scale + offset`, with
    `scale = gamma / sqrt(variance + epsilon)`. Both are computed in float64 and rounded to float32 at the end.

    A norm stays where it is if it does not directly follow a layer of `FOLDABLE`, if that layer has an activation or
    another reader, if either layer is called several times, or if the norm uses statistics of the batch (`training`).
    Nested models are copied unchanged.

    Args:
        model: functional or sequential; stays as it is.

    Returns:
        A functional model with the same inputs, outputs and layer names, without the folded norms. Its outputs differ
        from those of `model(inputs, training=False)` by rounding.

    Raises:
        InkError: the model is neither functional nor sequential.
    """
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    norms = _norms(model)
    folded = {norm.name for norm in norms.values()}

    def copy(layer: layers.Layer) -> layers.Layer:
        config = layer.get_config()
        return type(layer).from_config({**config, "use_bias": True} if layer.name in norms else config)

    def call(layer: layers.Layer, *args: Any, **kwargs: Any) -> Any:
        return args[0] if layer.name in folded else layer(*args, **kwargs)

    result = keras.models.clone_model(model, clone_function=copy, call_function=call)
    for layer in result.layers:
        if layer.weights:
            trained = model.get_layer(layer.name)
            norm = norms.get(layer.name)
            layer.set_weights(_folded_weights(trained, norm) if norm else trained.get_weights())
    return result


def _norms(model: keras.Model) -> dict[str, layers.BatchNormalization]:
    """The batch norm that each foldable layer takes over, by the name of that layer."""
    config = model.get_config()
    if "output_layers" not in config:
        raise InkError(f"folding needs a functional model, found {type(model).__name__}: fold its functional part")
    calls = {layer["name"]: layer["inbound_nodes"] for layer in config["layers"]}
    readers = defaultdict(list)  # of each layer: names of layers, and "" for an output of the model
    for name, nodes in calls.items():
        for source in _sources(nodes):
            readers[source].append(name)
    for source in _names(config["output_layers"]):
        readers[source].append("")
    norms = {}
    for norm in model.layers:
        if not isinstance(norm, layers.BatchNormalization) or len(calls[norm.name]) != 1:
            continue
        (call,) = calls[norm.name]
        (source,) = _sources(call)
        layer = model.get_layer(source)
        if readers[source] == [norm.name] and _is_linear(layer) and _is_fixed(norm, call):
            norms[source] = norm
    return norms


def _is_linear(layer: layers.Layer) -> bool:
    return (
        type(layer) in FOLDABLE
        and layer.activation is keras.activations.linear
        and getattr(layer, "data_format", "channels_last") == "channels_last"
    )


def _is_fixed(norm: layers.BatchNormalization, call: dict) -> bool:
    """True if the norm scales and shifts channels of the last axis by constants."""
    return norm.axis in (-1, len(norm.input.shape) - 1) and not call["kwargs"].get("training")


def _sources(value: Any) -> Iterator[str]:
    """Names of the layers whose outputs are among the serialised arguments of a call."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value["config"]["keras_history"][0]
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _sources(part)


def _names(value: Any) -> Iterator[str]:
    """Names of the layers in nested references `[name, call, output]`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _names(part)


def _folded_weights(layer: layers.Layer, norm: layers.BatchNormalization) -> list[np.ndarray]:
    """Weights of `layer` with a bias, float32: what it and `norm` compute together."""
    *others, kernel = [_exact(weight) for weight in layer.get_weights()[: -1 if layer.use_bias else None]]
    bias = _exact(layer.bias) if layer.use_bias else 0.0
    gamma = _exact(norm.gamma) if norm.scale else 1.0
    beta = _exact(norm.beta) if norm.center else 0.0
    scale = gamma / np.sqrt(_exact(norm.moving_variance) + norm.epsilon)  # [channels]
    offset = (bias - _exact(norm.moving_mean)) * scale + beta
    # A depthwise kernel ends in [in, multiplier], and its channels are numbered in that order; others end in [out].
    shape = kernel.shape[-2:] if isinstance(layer, layers.DepthwiseConv2D) else (-1,)
    return [array.astype(np.float32) for array in (*others, kernel * scale.reshape(shape), offset)]


def _exact(weight: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(weight).astype(np.float64)
