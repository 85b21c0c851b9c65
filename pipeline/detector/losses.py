"""Losses of the detectors, and the sampling of regions for training. `keras.ops` only."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.detector import boxes as box_ops

REGION_IOU = 0.5  # a region with at least this IoU is foreground (Girshick 2015)
FOREGROUND_REGIONS, BACKGROUND_REGIONS = 64, 64  # per image
SMOOTH_L1_BETA = 1 / 9  # as in Detectron, for the anchors' deltas; regions use 1

Tensor = Any


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over all elements; 0 if all weights are 0."""
    return ops.sum(values * weights) / ops.maximum(ops.sum(weights), 1.0)


def crossentropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy `[...]` of logits `[..., classes]` and int32 labels `[...]`."""
    log_probabilities = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return -ops.take_along_axis(log_probabilities, ops.expand_dims(labels, -1), axis=-1)[..., 0]


def binary_crossentropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy `[...]` of logits `[...]` and targets `[...]` that are 0 or 1."""
    logits = ops.cast(logits, "float32")
    return ops.relu(logits) - logits * targets + ops.softplus(-ops.abs(logits))


def smooth_l1(predicted: Tensor, targets: Tensor, beta: float) -> Tensor:
    """Huber loss `[...]` of deltas `[..., 4]`, summed over the last axis and divided by `beta` (Girshick 2015)."""
    error = ops.abs(ops.cast(predicted, "float32") - targets)
    return ops.sum(ops.where(error < beta, 0.5 * error * error / beta, error - 0.5 * beta), axis=-1)


def box_loss(deltas: Tensor, boxes: Tensor, references: Tensor, foreground: Tensor, beta: float) -> Tensor:
    """Mean loss of deltas against the true boxes.

    Args:
        deltas: predicted deltas, `[batch, n, 4]`.
        boxes: true boxes, `[batch, n, 4]`.
        references: anchors or regions that the deltas refer to, `[batch, n, 4]`.
        foreground: 1 where `boxes` holds a true box, else 0; `[batch, n]`.
        beta: see `smooth_l1`.
    """
    # A true box is at most a few reference sides away; padding would give larger targets.
    targets = ops.clip(box_ops.encode(boxes, references), -40.0, 40.0)
    return weighted_mean(smooth_l1(deltas, targets, beta), foreground)


def sample_regions(
    regions: Tensor,
    boxes: Tensor,
    draws: Tensor,
    foreground: int = FOREGROUND_REGIONS,
    background: int = BACKGROUND_REGIONS,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Samples the regions of a training step.

    Args:
        regions: candidates, `[batch, n, 4]`; a region without area is never sampled.
        boxes: true boxes, `[batch, m, 4]`, widened like the regions and padded with 0.
        draws: uniform random numbers, `[batch, n]`.
        foreground: maximum number of foreground regions per image.
        background: maximum number of background regions per image.

    Returns:
        For `foreground + background` regions per image: the regions `[..., 4]`; the index of the true box that each
        overlaps most, int32; 1 for a foreground region; 1 for a real region and 0 for padding.
    """
    overlap = box_ops.iou(regions, boxes)  # [batch, n, m]
    best, owner = ops.max(overlap, axis=-1), ops.cast(ops.argmax(overlap, axis=-1), "int32")
    real = ops.cast(box_ops.areas(regions) > 0, "float32")
    is_foreground = real * ops.cast(best >= REGION_IOU, "float32")
    picked = []
    for kind, count in ((is_foreground, foreground), (real - is_foreground, background)):
        value, order = ops.top_k(kind * (1.0 + draws), count)
        picked.append((order, ops.cast(value > 0, "float32")))
    order = ops.cast(ops.concatenate([item[0] for item in picked], axis=1), "int32")
    counts = ops.concatenate([item[1] for item in picked], axis=1)
    chosen = box_ops.rows(is_foreground, order) * counts
    return box_ops.rows(regions, order), box_ops.rows(owner, order), chosen, counts
