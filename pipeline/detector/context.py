"""Lets the regions of an image see each other before they are named (Hu et al. 2018, Relation Networks).

Alone, o and 0, x and X, a comma and a prime look alike; beside their neighbours they do not. Attention weighs the other
regions by what they look like and by where they are: their distance and size relative to the region. Built from
operators that every runtime has.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

HEADS, HEAD_FEATURES = 8, 16
HIDDEN = 256  # features between the two layers that follow the attention
PLACE_HIDDEN = 16  # features of a pair's geometry
LEAST_SIDE = 4.0  # pixels; thinner regions count as this thick, so that relative sizes stay bounded
PADDED = -1e4  # attention logit of padding; fits into 16 bits

Tensor = Any


@keras.saving.register_keras_serializable(package="ink2edge")
class RegionContext(layers.Layer):
    """Attention with relative geometry, and two dense layers; both add to the features, at first nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        size = HEADS * HEAD_FEATURES
        # Each sublayer has the policy of this one, also when a saved model is loaded under another global policy.
        self.query, self.key, self.value = (
            layers.Dense(size, use_bias=False, name=name, dtype=self.dtype_policy) for name in ("query", "key", "value")
        )
        self.place = layers.Dense(PLACE_HIDDEN, activation="relu", name="place", dtype=self.dtype_policy)
        self.bias = layers.Dense(HEADS, name="bias", dtype=self.dtype_policy)
        self.hidden = layers.Dense(HIDDEN, activation="relu", name="hidden", dtype=self.dtype_policy)

    def build(self, shapes: Any) -> None:
        """Creates the weights for features of the last size in `shapes[0]`."""
        features = shapes[0][-1]
        self.gathered, self.output_layer = (
            layers.Dense(features, kernel_initializer="zeros", name=name, dtype=self.dtype_policy)
            for name in ("gathered", "output")
        )
        for layer in (self.query, self.key, self.value, self.hidden):
            layer.build((None, features))
        self.place.build((None, 6))
        self.bias.build((None, PLACE_HIDDEN))
        self.gathered.build((None, HEADS * HEAD_FEATURES))
        self.output_layer.build((None, HIDDEN))

    def compute_output_spec(self, inputs: Any) -> Any:
        """The shape and dtype of the features, unchanged."""
        return keras.KerasTensor(inputs[0].shape, self.compute_dtype)

    def call(self, inputs: Any) -> Tensor:
        """Returns the features of regions that have seen each other.

        Args:
            inputs: features `[batch, n, f]`; boxes `[batch, n, 4]` in pixels; `[batch, n]`, 0 for padding, else 1.

        Returns:
            `[batch, n, f]`.
        """
        features, boxes, real = inputs
        n = features.shape[1]
        queries, keys, values = (
            ops.transpose(ops.reshape(layer(features), (-1, n, HEADS, HEAD_FEATURES)), (0, 2, 1, 3))
            for layer in (self.query, self.key, self.value)
        )
        alike = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2))) * HEAD_FEATURES**-0.5
        where = ops.transpose(self.bias(self.place(relative_places(boxes))), (0, 3, 1, 2))
        padding = (1.0 - ops.cast(real, alike.dtype))[:, None, None, :] * PADDED
        weights = ops.softmax(alike + where + padding, axis=-1)  # [batch, heads, n, n]
        seen = ops.reshape(ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3)), (-1, n, HEADS * HEAD_FEATURES))
        features = features + self.gathered(seen)
        return features + self.output_layer(self.hidden(features))


def relative_places(boxes: Tensor) -> Tensor:
    """Returns where each region lies as seen from each other one, and how large it is.

    Args:
        boxes: `[batch, n, 4]` in pixels.

    Returns:
        `[batch, n, n, 6]`: of the second region relative to the first, the distance down and to the right, in units of
        the size of the first and of the second, and the ratio of heights and widths. All are logarithmic and signed.
    """
    boxes = ops.cast(boxes, "float32")
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    sides = ops.maximum(boxes[..., 2:] - boxes[..., :2], LEAST_SIDE)
    size = ops.mean(sides, axis=-1, keepdims=True)  # [batch, n, 1]
    apart = centre[:, None] - centre[:, :, None]  # [batch, n, n, 2]
    logs = ops.log(sides)
    ratio = logs[:, None] - logs[:, :, None]
    return ops.concatenate([_squash(apart / size[:, :, None]), _squash(apart / size[:, None]), ratio], axis=-1)


def _squash(distance: Tensor) -> Tensor:
    """A signed logarithm: near neighbours differ clearly, far ones little."""
    return ops.log(1.0 + ops.relu(distance)) - ops.log(1.0 + ops.relu(-distance))
