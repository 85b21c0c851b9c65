"""The networks: dense heads on a feature pyramid, and a region head for two-stage detectors.

    network = build_network(config)          # image [batch, height, width, 1], raw 0..255 -> dense outputs by name
    head = build_region_head(config)         # regions [n, 7, 7, channels] -> features and deltas
    naming = build_naming(config)            # features of all regions of an image -> class logits

Every 3x3 convolution after the backbone is depthwise separable (as in SSDLite, Sandler et al. 2018), so the head on the
finest level, which has most of the anchors, costs no more than the backbone.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from pipeline.detector.anchors import AnchorGrid, Shapes
from pipeline.detector.backbone import STRIDES, Backbone, build_backbone
from pipeline.detector.context import RegionContext
from pipeline.learning.normalisation import fuse_batch_normalisation

REGION_CELLS = 7  # a region is pooled to 7 x 7 cells (Girshick 2015)
REGION_FEATURES = 192
# keras.applications uses momentum 0.999 for batch-norm statistics: after a short training from scratch they lag so far
# behind that inference finds no symbol.
BATCH_NORM_MOMENTUM = 0.95
COARSE_LEVEL = STRIDES.index(16)  # the only level of a Faster R-CNN without a pyramid: C4, as in its paper


@dataclass(frozen=True)
class Config:
    """Shape of a detector, and how its input was drawn.

    Attributes:
        height, width: size of the canvas in pixels.
        classes: number of symbol classes, without the background.
        arch: name of the architecture, see `pipeline.detector.model.ARCHITECTURES`.
        backbone: name of the backbone.
        multiplier: factor on the backbone's channel counts.
        channels: channels of the pyramid.
        context: attention blocks between the regions of an image, see `pipeline.detector.context`.
        shapes: anchor shapes of each level.
        symbol, pen, margin: how the formulas on the canvas were drawn, in pixels, see `pipeline.ink.canvas`. Only code
            that makes inputs needs them; the network does not depend on them.
    """

    height: int
    width: int
    classes: int
    arch: str
    backbone: Backbone
    multiplier: float
    channels: int
    context: int
    shapes: Shapes
    symbol: float
    pen: float
    margin: int

    @property
    def canvas(self) -> dict[str, float]:
        """Sizes in pixels that define how an input is drawn."""
        return {name: getattr(self, name) for name in ("height", "width", "symbol", "pen", "margin")}

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the levels that the architecture uses."""
        return strides(self.arch)

    @property
    def grid(self) -> AnchorGrid:
        """Anchors of the canvas."""
        return AnchorGrid(self.height, self.width, self.strides, self.shapes)

    @property
    def anchors_per_cell(self) -> int:
        """Number of anchor shapes per level."""
        return len(self.shapes[0])


def strides(arch: str) -> tuple[int, ...]:
    """Strides of the levels that an architecture detects on."""
    return STRIDES if arch.endswith("_fpn") else (STRIDES[COARSE_LEVEL],)


def build_network(config: Config) -> keras.Model:
    """Builds the network from an image to outputs for all `n` anchors, in the order of `AnchorGrid`.

    Returns:
        A model with the output `deltas` `[batch, n, 4]`. One stage: also `scores` `[batch, n, classes + 1]`, background
        last. Two stages: also `scores` `[batch, n, 1]` (objectness) and `features` `[batch, cells, channels]`.
    """
    image = keras.Input((config.height, config.width, 1), name="image")
    taps = build_backbone(config.backbone, config.multiplier, layers.Rescaling(1 / 255, name="scale")(image))
    levels = _pyramid(taps, config.channels) if len(config.strides) > 1 else [_single(taps, config.channels)]
    two_stage = config.arch != "ssd_fpn"
    scores_per_anchor = 1 if two_stage else config.classes + 1
    tower = layers.SeparableConv2D(config.channels, 3, padding="same", activation="relu", name="tower")
    score = layers.Conv2D(config.anchors_per_cell * scores_per_anchor, 1, name="score")
    delta = layers.Conv2D(config.anchors_per_cell * 4, 1, name="delta")
    towers = [tower(level) for level in levels]
    outputs = {
        "scores": _all_levels([score(level) for level in towers], scores_per_anchor, "scores"),
        "deltas": _all_levels([delta(level) for level in towers], 4, "deltas"),
    }
    if two_stage:
        outputs["features"] = _all_levels(levels, config.channels, "features")
    return fuse_batch_normalisation(keras.Model(image, outputs, name=config.arch), BATCH_NORM_MOMENTUM)


def build_region_head(config: Config) -> keras.Model:
    """Builds the head that describes and refines regions, each by itself.

    Returns:
        A model with the inputs `regions` `[n, 7, 7, channels]` and `sides` `[n, 2]` (logarithms of the regions' sides)
        and the outputs `features` `[n, 192]` and `deltas` `[n, 4]`.
    """
    regions = keras.Input((REGION_CELLS, REGION_CELLS, config.channels), name="regions")
    sides = keras.Input((2,), name="sides")
    x = layers.Concatenate()([layers.Flatten()(regions), sides])
    for i in range(2):
        x = layers.Dense(REGION_FEATURES, activation="relu", name=f"dense_{i}")(x)
    deltas = layers.Dense(4, name="region_deltas")(x)
    return keras.Model([regions, sides], {"features": x, "deltas": deltas}, name="region_head")


def build_naming(config: Config) -> keras.Model:
    """Builds the head that names the regions of an image, after they have seen each other.

    Returns:
        A model with the inputs `features` `[batch, n, 192]`, `boxes` `[batch, n, 4]` in pixels and `real` `[batch, n]`
        (0 for padding), and the output `scores` `[batch, n, classes + 1]` (logits, background last).
    """
    features = keras.Input((None, REGION_FEATURES), name="features")
    boxes = keras.Input((None, 4), dtype="float32", name="boxes")
    real = keras.Input((None,), dtype="float32", name="real")
    x = features
    for i in range(config.context):
        x = RegionContext(name=f"context_{i}")([x, boxes, real])
    scores = layers.Dense(config.classes + 1, name="region_scores")(x)
    return keras.Model([features, boxes, real], {"scores": scores}, name="naming")


def _pyramid(taps: list[keras.KerasTensor], channels: int) -> list[keras.KerasTensor]:
    """Feature pyramid (Lin et al. 2017) over the backbone's outputs, from fine to coarse."""
    merged = [layers.Conv2D(channels, 1, name=f"lateral_{i}")(tap) for i, tap in enumerate(taps)]
    for i in range(len(taps) - 2, -1, -1):
        merged[i] = layers.Add(name=f"merge_{i}")([merged[i], layers.UpSampling2D(name=f"upsample_{i}")(merged[i + 1])])
    return [_smooth(level, channels, i) for i, level in enumerate(merged)]


def _single(taps: list[keras.KerasTensor], channels: int) -> keras.KerasTensor:
    return _smooth(layers.Conv2D(channels, 1, name="lateral")(taps[COARSE_LEVEL]), channels, COARSE_LEVEL)


def _smooth(level: keras.KerasTensor, channels: int, number: int) -> keras.KerasTensor:
    x = layers.SeparableConv2D(channels, 3, padding="same", use_bias=False, name=f"smooth_{number}")(level)
    x = layers.BatchNormalization(name=f"smooth_{number}_bn")(x)
    return layers.ReLU(name=f"smooth_{number}_relu")(x)


def _all_levels(levels: list[keras.KerasTensor], last: int, name: str) -> keras.KerasTensor:
    """Concatenates levels `[batch, rows, columns, ...]` to one tensor `[batch, n, last]`."""
    flat = [layers.Reshape((-1, last), name=f"{name}_{i}")(level) for i, level in enumerate(levels)]
    return layers.Concatenate(axis=1, name=name)(flat) if len(flat) > 1 else flat[0]
