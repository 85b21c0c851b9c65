import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from benchmarks.real_photos import MISSED, PHANTOM, Truth, figures, pair, read_photo
from pipeline.formats.coco import read_coco


def boxes(*corners):
    return np.array(corners, np.float64).reshape(-1, 4)


def test_annotations_are_named_as_the_model_does(tmp_path):
    content = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 20, 30, 40]},
            {"id": 2, "image_id": 7, "category_id": 2, "bbox": [0, 0, 5, 6]},
        ],
        "categories": [{"id": 1, "name": "c1"}, {"id": 2, "name": "<"}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    for name in ("a.jpg", "b.jpg"):
        Image.new("L", (80, 70), 255).save(tmp_path / name)
    images = read_coco((tmp_path / "annotations.json").read_bytes(), "annotations.json")
    (grey, truth), (_, nothing) = (read_photo(tmp_path, image, {"c1": "1"}) for image in images)
    assert [image.file_name for image in images] == ["a.jpg", "b.jpg"]
    assert grey.shape == (70, 80)
    assert truth.labels == ["1", "\\lt"]
    assert truth.boxes.tolist() == [[20, 10, 60, 40], [0, 0, 6, 5]]
    assert nothing.boxes.shape == (0, 4)


def test_readings_belong_to_the_symbols_that_they_overlap_most():
    truth = Truth(["a", "b", "c"], boxes([0, 0, 10, 10], [0, 8, 10, 18], [50, 50, 60, 60]))
    read = boxes([0, 6, 10, 16], [0, 1, 10, 11], [80, 80, 90, 90])
    assert pair(truth, read) == [1, 0, None]
    assert pair(truth, boxes()) == [None] * 3
    assert pair(Truth([], boxes()), read) == []


def test_a_tight_box_in_a_loose_one_counts_if_it_is_about_as_long():
    truth = Truth(["-"], boxes([0, 0, 40, 100]))
    assert pair(truth, boxes([15, 20, 20, 75])) == [0]
    assert pair(truth, boxes([15, 20, 20, 65])) == [None]
    assert pair(truth, boxes([38, 20, 43, 75])) == [None]


def test_figures_count_symbols_and_phantoms():
    counts = Counter({("a", "a"): 5, ("a", "b"): 2, ("b", MISSED): 3, (PHANTOM, "a"): 1})
    assert figures(counts) == {"symbols": 10, "right": 0.5, "found": 0.7, "phantoms": pytest.approx(1 / 8)}
    assert figures(Counter())["right"] == 0
