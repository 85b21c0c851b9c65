"""ROIAlign (He et al. 2017) over a flattened pyramid. It uses gathers only, so every runtime can execute it.

Each of the 7 x 7 cells of a region takes one bilinear sample: a region covers about that many cells of its level. A
thin region is pooled with its surroundings: without them, a minus, a one and a bar are hard to distinguish.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from pipeline.detector import boxes as box_ops
from pipeline.detector.anchors import CELLS_PER_LEVEL
from pipeline.detector.network import REGION_CELLS, Config

LEAST_WINDOW = 16.0  # shortest side of a pooled region in pixels

Tensor = Any


def levels_of(boxes: Tensor, strides: tuple[int, ...]) -> Tensor:
    """Level of each box `[..., 4]`, int32 `[...]`, by the same rule as for anchors (`anchors.sizes`)."""
    # Sides are in units of the finest level's bound: in cubic pixels, the bounds would overflow a 16-bit float.
    sides = ops.maximum(boxes[..., 2:] - boxes[..., :2], 1.0) / float(CELLS_PER_LEVEL * strides[0])
    long, short = ops.max(sides, axis=-1), ops.min(sides, axis=-1)
    cubed = long * long * short
    bounds = [float(stride / strides[0]) ** 3 for stride in strides[:-1]]
    return sum((ops.cast(cubed > bound, "int32") for bound in bounds), ops.zeros_like(cubed, "int32"))


def pool(features: Tensor, boxes: Tensor, config: Config) -> Tensor:
    """Pools regions from the pyramid.

    Args:
        features: `[batch, cells, channels]`, cells of all levels, ordered by level, row and column.
        boxes: regions, `[batch, n, 4]` in pixels.
        config: shape of the detector.

    Returns:
        `[batch * n, 7, 7, channels]`.
    """
    batch, cells, channels = ops.shape(features)[0], features.shape[1], features.shape[2]
    level = levels_of(boxes, config.strides)  # [batch, n]
    boxes = box_ops.widen(boxes, LEAST_WINDOW)
    rows = np.array([config.height // stride for stride in config.strides], np.int32)
    columns = np.array([config.width // stride for stride in config.strides], np.int32)
    first = np.concatenate([[0], np.cumsum(rows * columns)[:-1]]).astype(np.int32)

    def of_level(table: np.ndarray) -> Tensor:
        return ops.take(ops.convert_to_tensor(table), level, axis=0)

    stride = of_level(np.array(config.strides, np.float32))
    y0, y1, y_share = _samples(boxes[..., 0] / stride, boxes[..., 2] / stride, of_level(rows))  # [batch, n, 7]
    x0, x1, x_share = _samples(boxes[..., 1] / stride, boxes[..., 3] / stride, of_level(columns))
    image = ops.reshape(ops.arange(batch, dtype="int32") * cells, (-1, 1))
    start = ops.expand_dims(of_level(first) + image, -1)
    row0, row1 = (ops.expand_dims(start + y * ops.expand_dims(of_level(columns), -1), 3) for y in (y0, y1))
    x0, x1 = ops.expand_dims(x0, 2), ops.expand_dims(x1, 2)  # [batch, n, 1, 7]
    y_share = ops.cast(ops.reshape(y_share, (-1, REGION_CELLS, 1, 1)), features.dtype)
    x_share = ops.cast(ops.reshape(x_share, (-1, 1, REGION_CELLS, 1)), features.dtype)
    table = ops.reshape(features, (-1, channels))

    def read(index: Tensor) -> Tensor:
        taken = ops.take(table, ops.reshape(index, (-1,)), axis=0)
        return ops.reshape(taken, (-1, REGION_CELLS, REGION_CELLS, channels))

    top = read(row0 + x0) * (1 - x_share) + read(row0 + x1) * x_share
    bottom = read(row1 + x0) * (1 - x_share) + read(row1 + x1) * x_share
    return ops.reshape(top * (1 - y_share) + bottom * y_share, (-1, REGION_CELLS, REGION_CELLS, channels))


def _samples(low: Tensor, high: Tensor, count: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Neighbouring cells of each sample on one axis, and the weight of the second; `[batch, n, 7]` each.

    Args:
        low, high: ends of the regions in cells, `[batch, n]`.
        count: number of cells of the level, int32 `[batch, n]`.
    """
    middles = (np.arange(REGION_CELLS, dtype=np.float32) + 0.5) / REGION_CELLS
    at = ops.expand_dims(low, -1) + ops.expand_dims(high - low, -1) * middles - 0.5  # centre of cell i lies at i
    last = ops.expand_dims(count - 1, -1)
    at = ops.minimum(ops.maximum(at, 0.0), ops.cast(last, "float32"))
    lower = ops.floor(at)
    index = ops.cast(lower, "int32")
    return index, ops.minimum(index + 1, last), at - lower
