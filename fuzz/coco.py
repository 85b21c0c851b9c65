"""COCO files: the reader returns pictures with boxes within the limits, or raises an `InkError`."""

from __future__ import annotations

import json
import math

from pipeline.errors import InkError
from pipeline.formats.coco import MAX_BOXES, MAX_COORDINATE, BoxError, CocoImage, clip_boxes, read_coco

TOKENS = (
    *('"images"', '"annotations"', '"categories"', '"id"', '"image_id"', '"category_id"', '"file_name"', '"bbox"'),
    *('"height"', '"width"', '"name"', '"writer"', '"truth"', '"iscrowd"', "NaN", "-Infinity", "1e999", "null", "true"),
    *("\\ud800", "\\u0000", "../", "[[[[", "{}"),
)


SIZE = 4, 6  # height and width of the picture to which boxes are clipped


def check(data: bytes) -> None:
    """Asserts that every box of a picture without a defect is finite, and that every text can be encoded as UTF-8."""
    try:
        images = read_coco(data, "annotations.json")
    except InkError as error:
        str(error).encode()
        return
    for image in images:
        _check_image(image)


def _check_image(image: CocoImage) -> None:
    assert len(image.boxes) == len(image.labels) == len(image.ids) <= MAX_BOXES
    assert image.file_name or image.defect
    for text in (image.file_name, image.writer, image.truth, image.defect, *image.labels):
        text.encode()  # no lone surrogates
    for box in image.boxes:
        assert all(math.isfinite(value) and abs(value) <= MAX_COORDINATE for value in box)
        assert min(box[2:]) >= 0
    _check_clipped(image)


def _check_clipped(image: CocoImage) -> None:
    """Asserts that clipped boxes have an area, or that a `BoxError` names the first without one."""
    try:
        boxes = clip_boxes(image, *SIZE)
    except BoxError as error:
        str(error).encode()
        return
    assert boxes.shape == (len(image.boxes), 4)
    for ymin, xmin, ymax, xmax in boxes.tolist():
        assert 0 <= ymin < ymax <= SIZE[0]
        assert 0 <= xmin < xmax <= SIZE[1]


def seeds() -> list[bytes]:
    """A data set of two pictures, one plain and one with edge cases, and a minimal file."""
    images = [
        {"id": 1, "file_name": "a.png", "height": 4, "width": 6, "writer": "w", "truth": "x"},
        {"id": "b", "file_name": "sub/b.png"},
    ]
    annotations = [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0.5, 2, 3], "iscrowd": 0},
        {"id": 2, "image_id": "b", "category_id": 7, "bbox": [1, 1, 1, 1], "iscrowd": 1},
    ]
    whole = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "x"}]}
    return [json.dumps(whole).encode(), b'{"images":[{}],"annotations":[],"categories":[]}']
