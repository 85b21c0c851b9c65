"""What a Faster R-CNN over a ResNet pyramid computes, counted part by part: the yardstick of the small detector.

    faster_rcnn_resnet(101, height=128, width=512, classes=101)      # {"backbone": ..., "pyramid": ..., ...}

The network is torchvision's and Detectron2's default: 256 channels, three anchors a place on five levels, 1,000 boxes
pooled to 7x7, two fully connected layers of 1,024. Multiply-accumulates of convolutions and fully connected layers, as
`pipeline.edge.graph` counts them. The count gives torchvision's published figures (its "GFLOPS" are
multiply-accumulates): 4.09 and 7.80 G for ResNet-50 and -101 at 224x224, 134.38 G for fasterrcnn_resnet50_fpn, which
is that of an 800x800 image.

Sources: He et al. 2016, table 1; Lin et al. 2017; https://pytorch.org/vision/stable/models.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}  # bottlenecks at strides 4, 8, 16, 32
STEM, BOTTLENECKS, EXPANSION = 64, (64, 128, 256, 512), 4
CHANNELS = 256  # of the pyramid and the RPN
ANCHORS = 3
PROPOSALS = 1000
POOLED = 7  # side of what ROIAlign cuts out
HIDDEN = 1024
IMAGENET_CLASSES = 1000


class _Map(NamedTuple):
    """A feature map."""

    height: int
    width: int
    channels: int


def resnet(depth: int, height: int, width: int) -> int:
    """Multiply-accumulates of a ResNet classifier of ImageNet's 1,000 classes."""
    macs, maps = _backbone(depth, height, width)
    return macs + maps[-1].channels * IMAGENET_CLASSES


def faster_rcnn_resnet(depth: int, height: int, width: int, classes: int) -> dict[str, int]:
    """Multiply-accumulates of a Faster R-CNN, by part.

    Args:
        depth: of the ResNet, 50 or 101.
        height, width: of the image in pixels.
        classes: without the background.
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
    """Multiply-accumulates, and the maps at strides 4, 8, 16 and 32."""
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
    """1x1, 3x3 and 1x1 convolution; the 3x3 one has the stride, as in torchvision."""
    yield _convolution(level, 1, channels)
    smaller = _strided(level, stride)
    yield _convolution(smaller._replace(channels=channels), 3, channels)
    yield _convolution(smaller._replace(channels=channels), 1, channels * EXPANSION)
    if projected:
        yield _convolution(smaller, 1, channels * EXPANSION)


def _convolution(level: _Map, kernel: int, channels: int) -> int:
    """Of stride 1; one with a stride costs what its output's size says."""
    return _size(level) * kernel * kernel * channels


def _strided(level: _Map, stride: int) -> _Map:
    return level._replace(height=-(-level.height // stride), width=-(-level.width // stride))


def _size(level: _Map) -> int:
    return level.height * level.width * level.channels
