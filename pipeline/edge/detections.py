"""Reads the outputs of a detector file: checks them and returns boxes with labels and scores.

    found = read_detections(runner.outputs(image), classes=101, image="photo.jpg")

Boxes are ymin, xmin, ymax, xmax in pixels of the canvas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from pipeline.edge.signatures import OUTPUTS
from pipeline.errors import InkError

MAX_DETECTIONS = 100  # per image: COCO's limit; CROHME has at most 95 symbols per image
DEFAULT_THRESHOLD = 0.5  # lowest score of a detection that counts, if no ink is available to choose a better one


class Detections(NamedTuple):
    """Detections in one image: boxes float [k, 4], labels int [k], scores float [k]."""

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def read_detections(outputs: Mapping[str, np.ndarray], classes: int, image: str) -> Detections:
    """Extracts the detections of one image from a detector's outputs.

    Args:
        outputs: outputs of `Runner.outputs` for one image.
        classes: number of classes.
        image: name of the image, for messages.

    Raises:
        InkError: the outputs are not those of a detector, or a count, value or label is invalid.
    """
    expected = OUTPUTS["formulas"]
    if set(outputs) != expected:
        names = ", ".join(sorted(outputs))
        raise InkError(f"expected a detector with the outputs {', '.join(sorted(expected))}, found {names}")
    found = int(outputs["count"][0])
    if not 0 <= found <= min(MAX_DETECTIONS, outputs["scores"].shape[1]):
        raise InkError(f"{image}: expected at most {MAX_DETECTIONS} detections, found a count of {found}")
    boxes, labels, scores = (outputs[name][0, :found] for name in ("boxes", "classes", "scores"))
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise InkError(f"{image}: expected finite boxes and scores, found NaN or infinity; train the model again")
    if found and not 0 <= labels.min() <= labels.max() < classes:
        raise InkError(
            f"{image}: expected labels below {classes}, the length of the class list, found {labels.max()}; "
            "run `dvc repro math-train`"
        )
    return Detections(boxes, labels, scores)


def box_iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box [4] with each of `boxes` [n, 4]; float [n]."""
    overlap = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.maximum(overlap, 0), axis=1)
    union = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - shared
    return shared / np.maximum(union, np.finfo(np.float32).tiny)
