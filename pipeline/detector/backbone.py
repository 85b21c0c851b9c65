"""Untrained MobileNet backbones from `keras.applications`, with outputs at strides 4, 8, 16 and 32.

No weights are downloaded: pictures of ink have little in common with photographs, and a clone must build offline.
"""

from __future__ import annotations

from typing import Literal

import keras

from pipeline.errors import InkError

Backbone = Literal["mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"]

STRIDES = (4, 8, 16, 32)
_BUILDERS = {
    "mobilenet_v2": (keras.applications.MobileNetV2, {}),
    "mobilenet_v3_small": (keras.applications.MobileNetV3Small, {"include_preprocessing": False}),
    "mobilenet_v3_large": (keras.applications.MobileNetV3Large, {"include_preprocessing": False}),
}
_ENDS_OF_BLOCKS = ("_add", "_project_BN", "project_bn")  # linear bottlenecks, as MobileNetV2 and V3 name them


def build_backbone(name: Backbone, width: float, image: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Returns the output of the last bottleneck at each stride, from fine to coarse.

    Args:
        name: member of the MobileNet family.
        width: multiplies the channel counts (alpha in the papers).
        image: `[batch, height, width, 1]`, float 0..1.

    Raises:
        InkError: the name is unknown.
    """
    if name not in _BUILDERS:
        raise InkError(f"unknown backbone {name!r}: expected one of {', '.join(_BUILDERS)}")
    builder, options = _BUILDERS[name]
    network = builder(input_tensor=image, alpha=width, include_top=False, weights=None, **options)
    taps = {}
    for layer in network.layers:
        if layer.name.endswith(_ENDS_OF_BLOCKS):
            taps[image.shape[1] // layer.output.shape[1]] = layer.output  # keeps the last layer of each stride
    return [taps[stride] for stride in STRIDES]
