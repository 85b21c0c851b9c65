"""Turns network outputs into detections, in `keras.ops` with static shapes. This code is exported to the device.

found = detect(model, image)    # boxes [1, 100, 4], scores [1, 100], classes [1, 100], count [1]
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from pipeline.detector import boxes as box_ops
from pipeline.detector.anchors import LEAST_SIDE
from pipeline.detector.network import Config

PROPOSALS = 100  # equals DETECTIONS; the largest CROHME formula has 95 symbols
CELLS_BEFORE_SUPPRESSION = 512  # about ten cells see a symbol well
PROPOSAL_IOU = 0.6
DETECTIONS = 100  # COCO's maxDets
DETECTIONS_BEFORE_SUPPRESSION = 400
DETECTION_IOU = 0.5
DETECTION_SCORE = 0.05

# Corners of anchors are multiples of 1/20 pixel. An integer table stays exact in every variant; a float table would be
# quantized like weights, in steps of several pixels.
ANCHOR_UNITS = 20

Tensor = Any


def detect(model: Any, image: Tensor) -> dict[str, Tensor]:
    """Finds the symbols on canvases.

    Args:
        model: a `pipeline.detector.model.Detector`.
        image: float32 `[batch, height, width, 1]`, ink bright on black, 0..255.

    Returns:
        `boxes` float32 `[batch, 100, 4]` in pixels of the canvas, `scores` float32 `[batch, 100]` in descending order,
        `classes` int32 `[batch, 100]`, `count` int32 `[batch]`. Rows from `count` on are zero. One region may be
        detected several times with different classes; at most one of these detections has a score above 0.5.
    """
    return model.detect(image)


def propose(objectness: Tensor, deltas: Tensor, config: Config) -> Tensor:
    """Selects the regions for the second stage, from the best anchor of each cell.

    Args:
        objectness: logits `[batch, n]`.
        deltas: `[batch, n, 4]`.
        config: shape of the detector.

    Returns:
        float32 `[batch, 100, 4]`, best first; few are narrower than `LEAST_SIDE`. If suppression keeps fewer than 100,
        the best suppressed boxes follow. A canvas with fewer than 100 cells has one proposal per cell.
    """
    shapes = config.anchors_per_cell
    by_cell = ops.reshape(objectness, (-1, objectness.shape[1] // shapes, shapes))
    best, shape = ops.top_k(by_cell, 1)
    logits, cells = ops.top_k(best[..., 0], min(CELLS_BEFORE_SUPPRESSION, by_cell.shape[1]))
    order = ops.cast(cells, "int32") * shapes + box_ops.rows(ops.cast(shape[..., 0], "int32"), cells)
    boxes = anchor_boxes(order, deltas, config)
    kept = box_ops.suppress(boxes, PROPOSAL_IOU)
    _, order = ops.top_k(ops.sigmoid(logits) + kept, min(PROPOSALS, boxes.shape[1]))
    return box_ops.rows(boxes, order)


def anchor_boxes(order: Tensor, deltas: Tensor, config: Config) -> Tensor:
    """Decodes the boxes `[batch, k, 4]` of the anchors with the indices `order`, clipped to the canvas.

    Args:
        order: indices of anchors, int32 `[batch, k]`.
        deltas: deltas of all anchors, `[batch, n, 4]`.
        config: shape of the detector.
    """
    table = ops.convert_to_tensor(np.round(config.grid.boxes * ANCHOR_UNITS).astype(np.int32))
    anchors = ops.cast(ops.take(table, order, axis=0), "float32") / ANCHOR_UNITS
    boxes = box_ops.decode(box_ops.rows(deltas, order), anchors)
    return box_ops.clip(boxes, config.height, config.width)


def name_regions(logits: Tensor, boxes: Tensor, config: Config) -> dict[str, Tensor]:
    """Turns classified boxes into detections: the best (box, class) pairs after suppression within each class.

    Args:
        logits: `[batch, n, classes + 1]`, background last.
        boxes: `[batch, n, 4]` within the canvas.
        config: shape of the detector.

    Returns:
        The outputs of `detect`.
    """
    classes = config.classes
    scores = ops.softmax(logits, axis=-1)[..., :classes]
    pairs = min(DETECTIONS_BEFORE_SUPPRESSION, scores.shape[1] * classes)
    best, flat = ops.top_k(ops.reshape(scores, (-1, scores.shape[1] * classes)), pairs)
    flat = ops.cast(flat, "int32")
    row = ops.floor_divide(flat, classes)
    label = flat - row * classes
    boxes = box_ops.rows(boxes, row)
    # An offset per class moves boxes of different classes apart, so that one suppression serves all classes.
    offset = ops.cast(label, "float32") * float(max(config.height, config.width) + 1)
    kept = box_ops.suppress(box_ops.widen(boxes, LEAST_SIDE) + ops.expand_dims(offset, -1), DETECTION_IOU)
    remaining = best * kept * ops.cast(best >= DETECTION_SCORE, "float32")
    found, order = ops.top_k(remaining, min(DETECTIONS, pairs))
    real = ops.cast(found > 0, "int32")
    return {
        "boxes": box_ops.rows(boxes, order) * ops.expand_dims(ops.cast(real, "float32"), -1),
        "scores": found,
        "classes": box_ops.rows(label, order) * real,
        "count": ops.sum(real, axis=-1),
    }
