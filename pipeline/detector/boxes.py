"""Box arithmetic in `keras.ops`, so that it runs and exports under every backend.

One convention everywhere: ymin, xmin, ymax, xmax in pixels of the canvas, ends exclusive.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

# Faster R-CNN (Ren et al. 2015) as torchvision and Detectron2 weigh it: offsets tenfold, log sizes fivefold, which
# brings the targets of a good proposal near unit variance.
OFFSET_WEIGHT, SIZE_WEIGHT = 10.0, 5.0
LARGEST_LOG_RATIO = math.log(1000 / 16)  # Detectron's bound on exp()
SUPPRESSION_ROUNDS = 4  # see `suppress`

Tensor = Any


def areas(boxes: Tensor) -> Tensor:
    """Areas `[...]` of boxes `[..., 4]`; 0 where a box is inverted."""
    return ops.maximum(boxes[..., 2] - boxes[..., 0], 0) * ops.maximum(boxes[..., 3] - boxes[..., 1], 0)


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union `[..., n, m]` of boxes `[..., n, 4]` and `[..., m, 4]`; 0 for a pair without area."""
    a, b = ops.expand_dims(first, -2), ops.expand_dims(second, -3)
    height = ops.maximum(ops.minimum(a[..., 2], b[..., 2]) - ops.maximum(a[..., 0], b[..., 0]), 0)
    width = ops.maximum(ops.minimum(a[..., 3], b[..., 3]) - ops.maximum(a[..., 1], b[..., 1]), 0)
    shared = height * width
    return shared / ops.maximum(areas(a) + areas(b) - shared, 1e-6)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """The deltas `[..., 4]` (y, x, log height, log width) that `decode` turns back into `boxes`."""
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
    """Boxes cut at the borders of the canvas."""
    return ops.clip(boxes, 0.0, np.array([height, width, height, width], np.float32))


def widen(boxes: Tensor, least: float, xp: Any = ops) -> Tensor:
    """Boxes `[..., 4]` grown about their centres until no side is below `least` pixels; also NumPy's with `xp=np`."""
    grow = xp.maximum(least - (boxes[..., 2:] - boxes[..., :2]), 0.0) / 2
    return xp.concatenate([boxes[..., :2] - grow, boxes[..., 2:] + grow], axis=-1)


def suppress(boxes: Tensor, threshold: float) -> Tensor:
    """Non-maximum suppression as dense arithmetic with static shapes.

    Cluster NMS (Zheng et al. 2020): a box falls to any better box that itself stands and overlaps it. Each round
    settles one more link of the longest chain "a suppresses b, which would have suppressed c"; with as many rounds as
    that chain has links, the result is greedy NMS. Beyond `SUPPRESSION_ROUNDS` links, every second box of a chain
    may fall though greedy NMS would let it stand.

    Args:
        boxes: `[..., n, 4]`, best first.
        threshold: IoU above which the lesser box falls.

    Returns:
        float32 `[..., n]`: 1 for a box that stands, 0 for one that falls.
    """
    n = boxes.shape[-2]
    better = np.triu(np.ones((n, n), np.float32), k=1)  # [i, j]: box i comes before box j
    overlaps = ops.cast(iou(boxes, boxes) > threshold, "float32") * better
    stands = ops.ones_like(boxes[..., 0])
    for _ in range(SUPPRESSION_ROUNDS):
        stands = 1.0 - ops.max(overlaps * ops.expand_dims(stands, -1), axis=-2)
    return stands


def rows(table: Tensor, order: Tensor) -> Tensor:
    """`table[b, order[b]]` of `[batch, n, ...]` and indices `[batch, k]`, as one flat gather."""
    batch, n = ops.shape(table)[0], table.shape[1]
    flat = ops.reshape(table, (-1, *table.shape[2:]))
    starts = ops.reshape(ops.arange(batch, dtype="int32") * n, (-1, 1))
    taken = ops.take(flat, ops.reshape(ops.cast(order, "int32") + starts, (-1,)), axis=0)
    return ops.reshape(taken, (-1, order.shape[1], *table.shape[2:]))


def _sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Heights and widths `[...]`, at least a hundredth of a pixel: a logarithm is taken of them."""
    return ops.maximum(boxes[..., 2] - boxes[..., 0], 1e-2), ops.maximum(boxes[..., 3] - boxes[..., 1], 1e-2)
