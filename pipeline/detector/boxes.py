"""Box arithmetic in `keras.ops`, so that it runs and exports under every backend.

All boxes are ymin, xmin, ymax, xmax in pixels of the canvas, ends exclusive.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

# Weights of Faster R-CNN's deltas (Ren et al. 2015) as in torchvision and Detectron2: the targets of a good proposal
# then have about unit variance.
OFFSET_WEIGHT, SIZE_WEIGHT = 10.0, 5.0
LARGEST_LOG_RATIO = math.log(1000 / 16)  # Detectron's bound on exp()
SUPPRESSION_ROUNDS = 4  # see `suppress`

Tensor = Any


def areas(boxes: Tensor) -> Tensor:
    """Areas `[...]` of boxes `[..., 4]`; 0 for an inverted box."""
    return ops.maximum(boxes[..., 2] - boxes[..., 0], 0) * ops.maximum(boxes[..., 3] - boxes[..., 1], 0)


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union `[..., n, m]` of boxes `[..., n, 4]` and `[..., m, 4]`; 0 for a pair without area."""
    a, b = ops.expand_dims(first, -2), ops.expand_dims(second, -3)
    height = ops.maximum(ops.minimum(a[..., 2], b[..., 2]) - ops.maximum(a[..., 0], b[..., 0]), 0)
    width = ops.maximum(ops.minimum(a[..., 3], b[..., 3]) - ops.maximum(a[..., 1], b[..., 1]), 0)
    shared = height * width
    return shared / ops.maximum(areas(a) + areas(b) - shared, 1e-6)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Deltas `[..., 4]` (y, x, log height, log width) that `decode` turns back into `boxes`."""
    height, width = _sides(anchors)
    box_height, box_width = _sides(boxes)
    y = (boxes[..., 0] + boxes[..., 2] - anchors[..., 0] - anchors[..., 2]) / 2 / height
    x = (boxes[..., 1] + boxes[..., 3] - anchors[..., 1] - anchors[..., 3]) / 2 / width
    h, w = ops.log(box_height / height), ops.log(box_width / width)
    return ops.stack([y * OFFSET_WEIGHT, x * OFFSET_WEIGHT, h * SIZE_WEIGHT, w * SIZE_WEIGHT], axis=-1)


def decode(deltas: Tensor, anchors: Tensor) -> Tensor:
    """Boxes `[..., 4]` from deltas and anchors of the same shape."""
    height, width = _sides(anchors)
    y = (anchors[..., 0] + anchors[..., 2]) / 2 + deltas[..., 0] / OFFSET_WEIGHT * height
    x = (anchors[..., 1] + anchors[..., 3]) / 2 + deltas[..., 1] / OFFSET_WEIGHT * width
    half_height = height / 2 * ops.exp(ops.minimum(deltas[..., 2] / SIZE_WEIGHT, LARGEST_LOG_RATIO))
    half_width = width / 2 * ops.exp(ops.minimum(deltas[..., 3] / SIZE_WEIGHT, LARGEST_LOG_RATIO))
    return ops.stack([y - half_height, x - half_width, y + half_height, x + half_width], axis=-1)


def clip(boxes: Tensor, height: int, width: int) -> Tensor:
    """Boxes `[..., 4]` clipped to the canvas of `height` x `width` pixels."""
    return ops.clip(boxes, 0.0, np.array([height, width, height, width], np.float32))


def widen(boxes: Tensor, least: float, xp: Any = ops) -> Tensor:
    """Grows boxes `[..., 4]` about their centres until each side is at least `least` pixels; `xp=np` for NumPy."""
    grow = xp.maximum(least - (boxes[..., 2:] - boxes[..., :2]), 0.0) / 2
    return xp.concatenate([boxes[..., :2] - grow, boxes[..., 2:] + grow], axis=-1)


def suppress(boxes: Tensor, threshold: float) -> Tensor:
    """Non-maximum suppression as dense arithmetic with static shapes.

    Cluster NMS (Zheng et al. 2020): a kept box suppresses every lower-ranked box that overlaps it. Consider a chain "a
    suppresses b, which would have suppressed c": each round settles one more link. With one round per link of the
    longest chain, the result equals greedy NMS. In chains of more than `SUPPRESSION_ROUNDS` links, every second box may
    be suppressed although greedy NMS would keep it.

    Args:
        boxes: `[..., n, 4]`, best first.
        threshold: IoU above which the lower-ranked box is suppressed.

    Returns:
        float32 `[..., n]`: 1 for a kept box, 0 for a suppressed one.
    """
    n = boxes.shape[-2]
    better = np.triu(np.ones((n, n), np.float32), k=1)  # [i, j]: box i ranks above box j
    overlaps = ops.cast(iou(boxes, boxes) > threshold, "float32") * better
    kept = ops.ones_like(boxes[..., 0])
    for _ in range(SUPPRESSION_ROUNDS):
        kept = 1.0 - ops.max(overlaps * ops.expand_dims(kept, -1), axis=-2)
    return kept


def rows(table: Tensor, order: Tensor) -> Tensor:
    """`table[b, order[b]]` for a table `[batch, n, ...]` and indices `[batch, k]`, as one flat gather."""
    batch, n = ops.shape(table)[0], table.shape[1]
    flat = ops.reshape(table, (-1, *table.shape[2:]))
    starts = ops.reshape(ops.arange(batch, dtype="int32") * n, (-1, 1))
    taken = ops.take(flat, ops.reshape(ops.cast(order, "int32") + starts, (-1,)), axis=0)
    return ops.reshape(taken, (-1, order.shape[1], *table.shape[2:]))


def _sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Heights and widths `[...]`, at least 0.01 pixels so that their logarithms are finite."""
    return ops.maximum(boxes[..., 2] - boxes[..., 0], 1e-2), ops.maximum(boxes[..., 3] - boxes[..., 1], 1e-2)
