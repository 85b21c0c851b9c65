"""Counts the multiply-accumulates of a ResNet-FPN Faster R-CNN by part, as a reference for the small detector.

    faster_rcnn_resnet(101, height=128, width=512, classes=101)      # {"backbone": ..., "pyramid": ..., ...}

The network is the default of torchvision and Detectron2: 256 channels, three anchors per cell on five levels, 1,000
boxes pooled to 7x7, two fully connected layers of 1,024. Convolutions and fully connected layers count, as in
`pipeline.edge.graph`. The result equals torchvision's published figures (its "GFLOPS" are multiply-accumulates): 4.09
and 7.80 G for ResNet-50 and -101 at 224x224, and 134.38 G for fasterrcnn_resnet50_fpn at 800x800.

Sources: He et al. 2016, table 1; Lin et al. 2017; https://pytorch.org/vision/stable/models.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}  # bottlenecks at strides 4, 8, 16, 32
STEM, BOTTLENECKS, EXPANSION = 64, (64, 128, 256, 512), 4
CHANNELS = 256  # channels of the pyramid and the RPN
ANCHORS = 3
PROPOSALS = 1000
POOLED = 7  # cells per side after ROIAlign
HIDDEN = 1024
IMAGENET_CLASSES = 1000


class _Map(NamedTuple):
    """A feature map."""

    height: int
    width: int
    channels: int


def resnet(depth: int, height: int, width: int) -> int:
    """Multiply-accumulates of a ResNet classifier for ImageNet's 1,000 classes."""
    macs, maps = _backbone(depth, height, width)
    return macs + maps[-1].channels * IMAGENET_CLASSES


def faster_rcnn_resnet(depth: int, height: int, width: int, classes: int) -> dict[str, int]:
    """Multiply-accumulates of a Faster R-CNN, by part.

    Args:
        depth: depth of the ResNet, 50 or 101.
        height, width: size of the image in pixels.
        classes: number of classes without the background.
    """
    backbone, maps = _backbone(depth, height, width)
    levels = [_Map(level.height, level.width, CHANNELS) for level in maps]
    lateral = sum(_convolution(level, 1, out.channels) for level, out in zip(maps, levels, strict=True))
    smoothed = sum(_convolution(level, 3, CHANNELS) for level in levels)
    levels.append(_strided(levels[-1], 2))  # a fifth level by pooling
    outputs = ANCHORS * (1 + 4)  # objectness and four offsets
    rpn = sum(_convolution(level, 3, CHANNELS) + _convolution(level, 1, outputs) for level in levels)
    return {
        "backbone": backbone,
        "pyramid": lateral + smoothed,
        "region proposals": rpn,
        "box head": PROPOSALS * _box_head(classes),
    }


def _box_head(classes: int) -> int:
    with_background = classes + 1
    return POOLED * POOLED * CHANNELS * HIDDEN + HIDDEN * HIDDEN + HIDDEN * with_background * (1 + 4)


def _backbone(depth: int, height: int, width: int) -> tuple[int, list[_Map]]:
    """Multiply-accumulates of the backbone, and its maps at strides 4, 8, 16 and 32."""
    image = _Map(height, width, 3)
    stem = _strided(image, 2)._replace(channels=STEM)
    macs = _size(stem) * 7 * 7 * image.channels
    level = _strided(stem, 2)
    maps = []
    for stage, (blocks, channels) in enumerate(zip(BLOCKS[depth], BOTTLENECKS, strict=True)):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            macs += sum(_bottleneck(level, channels, stride, projected=not block))
            level = _strided(level, stride)._replace(channels=channels * EXPANSION)
        maps.append(level)
    return macs, maps


def _bottleneck(level: _Map, channels: int, stride: int, projected: bool) -> Iterator[int]:
    """Yields the cost of the 1x1, 3x3 and 1x1 convolutions; the 3x3 one has the stride, as in torchvision."""
    yield _convolution(level, 1, channels)
    smaller = _strided(level, stride)
    yield _convolution(smaller._replace(channels=channels), 3, channels)
    yield _convolution(smaller._replace(channels=channels), 1, channels * EXPANSION)
    if projected:
        yield _convolution(smaller, 1, channels * EXPANSION)


def _convolution(level: _Map, kernel: int, channels: int) -> int:
    """Cost of a convolution whose output has the height and width of `level` and whose input has its channels."""
    return _size(level) * kernel * kernel * channels


def _strided(level: _Map, stride: int) -> _Map:
    return level._replace(height=-(-level.height // stride), width=-(-level.width // stride))


def _size(level: _Map) -> int:
    return level.height * level.width * level.channels
