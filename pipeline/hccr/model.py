"""Inception-GAP: a small Inception network that ends in global average pooling and one classifier layer.

The trunk with default params (input 56x56, four Inception modules):

    56x56    conv 3x3 -> 32, pool
    28x28    conv 3x3 -> 96, pool
    14x14    Inception x2 -> 192, 288, pool
     7x7     Inception x2 -> 384, 480
     1x1     global average pooling, dropout, dense -> classes

About 0.95 M weights before the classifier and 99 M multiply-accumulates; `python -m benchmarks.model_cost` prints both.
`model.rank` factors the last layer for thousands of classes: 9,628 classes from 480 features take 4.6 M weights, from a
rank of 192 features 1.9 M. `model.pooling: weighted` learns which positions count.

References: Szegedy et al. 2015 (Inception), Ioffe & Szegedy 2015 (batch norm, 5x5 as two 3x3), Lin et al. 2014 (global
average pooling), Zhong et al. 2015 (HCCR-GoogLeNet: four Inception modules for this task),
Li et al. 2018 (weighted pooling).
"""

from __future__ import annotations

import keras
from keras import layers

from pipeline.ink.normalise import SIDE
from pipeline.params import Model

STEM_CHANNELS = (32, 96)
FIRST_MODULE_CHANNELS = 192
LOGITS = "logits"  # name of the last layer
# Keras' default, 0.99, adapts too slowly for a short training of a few hundred steps.
BATCH_NORM_MOMENTUM = 0.9


def build_model(params: Model, classes: int) -> keras.Model:
    """Builds the recogniser.

    Args:
        params: width, modules, features and dropout.
        classes: length of the class list.

    Returns:
        A model from float32 `[batch, 56, 56, 1]`, grey levels 0..255 as `normalise()` returns them, to float32 logits
        `[batch, classes]`. The model rescales its input, so callers pass raw pixels.
    """
    image = keras.Input((SIDE, SIDE, 1), name="image")
    x = layers.Cropping2D(params.crop)(image) if params.crop else image
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    for channels in STEM_CHANNELS:
        x = _conv(x, _scaled(channels, params.width), 3)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)  # [batch, 28, 28, 32] then [batch, 14, 14, 96]
    module_channels = _module_channels(params)
    first = params.modules[0]
    for channels in module_channels[:first]:
        x = _inception(x, channels)  # [batch, 14, 14, channels]
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for channels in module_channels[first:]:
        x = _inception(x, channels)  # [batch, 7, 7, channels]
    if params.pooling == "weighted":
        x = _weighted_pooling(x)
    x = layers.GlobalAveragePooling2D()(x)  # [batch, features]
    x = layers.Dropout(params.dropout)(x)
    if params.rank:
        x = layers.Dense(params.rank, use_bias=False, name="rank")(x)
    logits = layers.Dense(classes, name=LOGITS)(x)
    return keras.Model(image, logits, name="inception_gap")


def _module_channels(params: Model) -> list[int]:
    """Output channels of each Inception module, evenly spaced from the first width to `features`."""
    first = _scaled(FIRST_MODULE_CHANNELS, params.width)
    count = sum(params.modules)
    return [_rounded(first + (params.features - first) * i / (count - 1)) for i in range(count - 1)] + [params.features]


def _inception(x, channels: int):
    """Concatenated branches: 1x1, 3x3, double 3x3 and pooled, with 1/4, 1/2, 1/8 and 1/8 of `channels`."""
    single, narrow = channels // 4, channels // 8
    wide = channels - single - 2 * narrow
    branches = [
        _conv(x, single, 1),
        _conv(_conv(x, _rounded(channels / 4), 1), wide, 3),
        _conv(_conv(_conv(x, _rounded(channels / 16), 1), narrow, 3), narrow, 3),
        _conv(layers.MaxPooling2D(3, strides=1, padding="same")(x), narrow, 1),
    ]
    return layers.Concatenate()(branches)


def _weighted_pooling(x):
    """Weights every position of every channel before the mean, at first with 1 (Li et al. 2018, GWAP).

    As a depthwise convolution over the whole map, which TFLite runs as one operator: [batch, 1, 1, channels].
    """
    side = x.shape[1]
    return layers.DepthwiseConv2D(
        side, use_bias=False, depthwise_initializer=keras.initializers.Constant(1 / side**2), name="pooling"
    )(x)


def _conv(x, channels: int, size: int):
    """Convolution, batch norm, ReLU. The offset of the norm makes a bias redundant."""
    x = layers.Conv2D(channels, size, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    return layers.ReLU()(x)


def _scaled(channels: int, width: float) -> int:
    return _rounded(channels * width)


def _rounded(channels: float) -> int:
    """Rounds to a multiple of 8, at least 8: other channel counts waste SIMD lanes."""
    return max(8, round(channels / 8) * 8)
