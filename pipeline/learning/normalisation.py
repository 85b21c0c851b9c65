"""Batch normalisation as one fused operator under TensorFlow.

Keras 3 makes about ten passes over the activations, which take half the time of a MobileNet training step on a CPU.
With other backends this is the stock layer, because their compilers fuse it.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ink2edge")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis of `[batch, height, width, channels]`, same weights."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalises `inputs`; see the base class."""
        if keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        if not training:
            # Keras takes TensorFlow's rsqrt, whose last bits differ between processors; root and quotient are exact.
            factor = self.gamma / ops.sqrt(self.moving_variance + self.epsilon)
            shift = self.beta - self.moving_mean * factor
            return inputs * ops.cast(factor, inputs.dtype) + ops.cast(shift, inputs.dtype)
        import tensorflow

        normalised, mean, variance = tensorflow.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        # The operator returns the unbiased variance; Keras averages the biased one.
        count = ops.cast(ops.prod(ops.shape(inputs)[:-1]), variance.dtype)
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
            average.assign(average * self.momentum + ops.cast(value, average.dtype) * (1 - self.momentum))
        return normalised


def fuse_batch_normalisation(model: keras.Model, momentum: float) -> keras.Model:
    """Copies a functional `model` with fused batch normalisation of the given momentum and newly drawn weights."""

    def swap(layer: keras.layers.Layer) -> keras.layers.Layer:
        if not isinstance(layer, keras.layers.BatchNormalization):
            return layer.__class__.from_config(layer.get_config())
        return FusedBatchNormalization.from_config({**layer.get_config(), "momentum": momentum})

    return keras.models.clone_model(model, clone_function=swap)
