"""Computes COCO's average precision and recall of boxes with COCO's reference code (pycocotools).

    scores = score_boxes(truths, detections)
    scores.macro.ap50, scores.weighted.ap50, scores.classes[label].ap50

Boxes are ymin, xmin, ymax, xmax in pixels of the canvas; IoU does not depend on the scale. At most 100 detections per
image count. Means leave out classes that are absent from the part: such a class has no average precision.

Source: https://cocodataset.org/#detection-eval. We prefer pycocotools to faster reimplementations: published figures
use it, it depends on NumPy only, and 1,000 images with 100 detections and 101 classes take 4 seconds.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pipeline.edge.detections import MAX_DETECTIONS, Detections, box_iou
from pipeline.errors import InkError

_EVERY_AREA = [0, 1e10]


class Truth(NamedTuple):
    """True symbols of one image: boxes float [n, 4], labels int [n]."""

    boxes: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class BoxScore:
    """COCO's figures, each from 0 to 1.

    Attributes:
        ap: average precision, the mean over IoU .50, .55, … .95.
        ap50, ap75: average precision at IoU .50 and .75.
        ar: recall with at most 100 detections per image, the mean over IoU .50, .55, … .95.
    """

    ap: float
    ap50: float
    ap75: float
    ar: float


@dataclass(frozen=True)
class Scores:
    """Scores of a part.

    Attributes:
        classes: score per class in the part, by label in ascending order.
        counts: number of true boxes per class.
        macro: unweighted mean over the classes.
        weighted: mean over the classes, weighted by `counts`.
        recall: recalls 0, .01, … 1 at which precision is sampled; float [101].
        macro_precision, weighted_precision: precision at these recalls and IoU .5, mean over the classes; float [101].
    """

    classes: Mapping[int, BoxScore]
    counts: Mapping[int, int]
    macro: BoxScore
    weighted: BoxScore
    recall: np.ndarray
    macro_precision: np.ndarray
    weighted_precision: np.ndarray


def score_boxes(truths: Sequence[Truth], detections: Sequence[Detections]) -> Scores:
    """Scores the detections of each image against its true symbols.

    Args:
        truths: true symbols of each image.
        detections: detections of each image, in the same order.

    Raises:
        InkError: the images contain no true box, or a score or coordinate is not finite.
    """
    labels, counts = np.unique([int(label) for truth in truths for label in truth.labels], return_counts=True)
    if not len(labels):
        raise InkError(f"expected symbols to score, found none in {len(truths):,} images; look at the part's data")
    evaluation = _evaluate(_truth_set(truths), _detection_set(truths, detections), labels.tolist())
    precision = evaluation.eval["precision"][:, :, :, 0, 0]  # [IoU, recall, class]
    recall = evaluation.eval["recall"][:, :, 0, 0]  # [IoU, class]
    half, three_quarters = np.searchsorted(evaluation.params.iouThrs, (0.499, 0.749))
    table = np.stack(
        [
            precision.mean(axis=(0, 1)),
            precision[half].mean(axis=0),
            precision[three_quarters].mean(axis=0),
            recall.mean(0),
        ]
    )  # [figure, class]
    return Scores(
        classes={int(label): BoxScore(*column.tolist()) for label, column in zip(labels, table.T, strict=True)},
        counts=dict(zip(labels.tolist(), counts.tolist(), strict=True)),
        macro=BoxScore(*table.mean(axis=1).tolist()),
        weighted=BoxScore(*np.average(table, axis=1, weights=counts).tolist()),
        recall=evaluation.params.recThrs,
        macro_precision=precision[half].mean(axis=1),
        weighted_precision=np.average(precision[half], axis=1, weights=counts),
    )


def match(truth: Truth, found: Detections, iou: float = 0.5) -> np.ndarray:
    """Matches detections to true boxes as COCO does.

    In descending order of scores, each detection takes the unmatched true box of its class with the highest IoU.

    Args:
        truth: true symbols of one image.
        found: its detections.
        iou: lowest IoU of a match.

    Returns:
        int [k]: the index of the matched true box, or -1 for an unmatched detection.
    """
    matched = np.full(len(found.scores), -1)
    free = np.ones(len(truth.labels), bool)
    for index in np.argsort(-np.asarray(found.scores), kind="stable"):
        overlap = box_iou(found.boxes[index], truth.boxes) * (free & (truth.labels == found.labels[index]))
        if overlap.size and overlap.max() >= iou:
            matched[index] = overlap.argmax()
            free[matched[index]] = False
    return matched


def _truth_set(truths: Sequence[Truth]) -> list[dict[str, Any]]:
    return [
        _annotation(image, box, label) | {"iscrowd": 0}
        for image, truth in enumerate(truths)
        for box, label in zip(truth.boxes, truth.labels, strict=True)
    ]


def _detection_set(truths: Sequence[Truth], detections: Sequence[Detections]) -> list[dict[str, Any]]:
    annotations = []
    for image, (_, found) in enumerate(zip(truths, detections, strict=True)):
        if not (np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()):
            raise InkError(
                f"image {image}: expected finite boxes and scores, found NaN or infinity; train the model again"
            )
        for box, label, score in zip(*found, strict=True):
            annotations.append(_annotation(image, box, label) | {"score": float(score)})
    return annotations


def _annotation(image: int, box: np.ndarray, label: int) -> dict[str, Any]:
    top, left, bottom, right = (float(value) for value in box)
    height, width = bottom - top, right - left
    return {"image_id": image, "category_id": int(label), "bbox": [left, top, width, height], "area": width * height}


def _evaluate(truths: list[dict], detections: list[dict], labels: list[int]) -> COCOeval:
    images = sorted({annotation["image_id"] for annotation in (*truths, *detections)})
    with contextlib.redirect_stdout(io.StringIO()):  # hides COCOeval's progress reports
        evaluation = COCOeval(_data_set(images, labels, truths), _data_set(images, labels, detections), "bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [_EVERY_AREA], ["all"]
        evaluation.params.maxDets = [MAX_DETECTIONS]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def _data_set(images: list[int], labels: list[int], annotations: list[dict]) -> COCO:
    data_set = COCO()
    numbered = [annotation | {"id": index} for index, annotation in enumerate(annotations, 1)]  # id 0 means no match
    data_set.dataset = {
        "images": [{"id": image} for image in images],
        "categories": [{"id": label} for label in labels],
        "annotations": numbered,
    }
    data_set.createIndex()
    return data_set
