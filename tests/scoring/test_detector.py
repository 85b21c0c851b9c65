"""A detector's readings of a part and their metrics. The detector is made up, see `tiny_detector`."""

import numpy as np
import pytest

from pipeline.edge import gate
from pipeline.edge.litert import Latency
from pipeline.errors import InkError
from pipeline.scoring import detector as detection
from pipeline.scoring.coco import score_boxes
from tests.edge.tiny_detector import CLASSES, EQUALS, HEIGHT, OUTPUTS, PLUS, WIDTH, X, formula, line, tiny_detector

COST = (Latency(20.004, 25.0, 20, 1, "Tiny CPU"), Latency(11.0, 12.5, 20, 2, "Tiny CPU"))

# Two bars of an equals sign and an x of one stroke, x and y in pixels.
UPPER, LOWER, HOOK = line((10, 20), (30, 20)), line((10, 30), (30, 30)), line((50, 20), (70, 40), (70, 20))
BOX_EQUALS, BOX_UPPER, BOX_X = (19, 9, 31, 31), (19, 9, 21, 31), (19, 49, 41, 71)
TRUTH = [(BOX_EQUALS, EQUALS), (BOX_X, X)]
STROKES, MEMBERS = [UPPER, LOWER, HOOK], [[0, 1], [2]]


@pytest.fixture(scope="module")
def data():
    return tiny_detector()


def ink(key, found):
    return formula(key, TRUTH, found, STROKES, MEMBERS)


def photo(key, found, truth=TRUTH):
    return formula(key, truth, found)


ALL = [(BOX_EQUALS, EQUALS, 0.8), (BOX_X, X, 0.6)]
PART = [ink("a", ALL), photo("b", ALL[:1]), photo("c", [], truth=[])]


def test_the_gate_lets_the_detector_pass(data):
    graph = gate.check(data)
    assert sorted((tensor.dtype, tensor.shape) for tensor in graph.outputs) == OUTPUTS


def test_rows_that_count_are_read(data):
    reading = detection.read_part(data, PART, len(CLASSES))
    assert [len(found.scores) for found in reading.detections] == [2, 1, 0]
    first = reading.detections[0]
    assert first.boxes.tolist() == [list(BOX_EQUALS), list(BOX_X)]
    assert first.labels.tolist() == [EQUALS, X]
    assert first.scores.tolist() == pytest.approx([0.8, 0.6])
    assert [truth.labels.tolist() for truth in reading.truths] == [[EQUALS, X], [EQUALS, X], []]


def test_only_ink_has_strokes(data):
    reading = detection.read_part(data, PART, len(CLASSES))
    assert [len(formula.strokes) for formula in reading.formulas] == [3, 0, 0]
    assert [len(detections) for _, detections in map(reading.of_ink, (True, False))] == [1, 2]


def test_a_hundred_detections_are_read(data):
    many = [((i, 0, i + 10, 20), PLUS, 0.5) for i in range(100)]
    assert len(detection.read_part(data, [photo("many", many)], len(CLASSES)).detections[0].scores) == 100


def summary(data, part, threshold=0.5):
    reading = detection.read_part(data, part, len(CLASSES))
    scores = score_boxes(reading.truths, reading.detections)
    return detection.summarise(reading, scores, threshold, 1234, gate.check(data))


def test_summary_is_flat_and_rounded(data):
    # Of the two equals signs both are found, of the two x one: precision 1 at 51 of the 101 recalls.
    mean = round((1 + 51 / 101) / 2, 5)
    assert summary(data, PART) == {
        "ap50": mean,
        "ap": mean,
        "ap75": mean,
        "ar": 0.75,
        "ap50_weighted": mean,
        "ap_weighted": mean,
        "ap75_weighted": mean,
        "ar_weighted": 0.75,
        "ap50_ink": 1.0,
        "ap50_photos": 0.5,
        "segments_recall": 1.0,
        "segments_precision": 1.0,
        "seg_class_recall": 1.0,
        "seg_class_precision": 1.0,
        "threshold": 0.5,
        "bytes": 1234,
        "params": 1,
        "macs": 0,
        "test_images": 3,
        "test_ink": 1,
        "test_boxes": 4,
        "classes": 3,
        "classes_missing_test": 1,
        "canvas_height": HEIGHT,
        "canvas_width": WIDTH,
    }


def test_times_are_apart():
    assert detection.summarise_times(COST) == {
        "p50_ms": 20.0,
        "p95_ms": 25.0,
        "p50_ms_2_threads": 11.0,
        "p95_ms_2_threads": 12.5,
        "cpu": "Tiny CPU",
    }


def test_without_ink_there_are_no_stroke_figures(data):
    metrics = summary(data, PART[1:])
    assert not {"threshold", "segments_recall", "ap50_ink"} & set(metrics)
    assert metrics["test_ink"] == 0


def test_the_threshold_is_where_segments_are_best(data):
    # From .45 on the false plus over an x is gone, from .65 on the x as well.
    part = [ink("a", [*ALL, ((40, 49, 60, 71), PLUS, 0.4)]), ink("b", [(BOX_EQUALS, PLUS, 0.42), *ALL[1:]])]
    chosen = detection.choose_threshold(detection.read_part(data, part, len(CLASSES)))
    assert chosen == 0.45


def test_without_ink_the_threshold_is_a_half(data):
    assert detection.choose_threshold(detection.read_part(data, PART[1:], len(CLASSES))) == 0.5


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (formula("bad", TRUTH, ALL, count=101), "bad: expected at most 100 detections, found a count of 101"),
        (
            photo("bad", [(BOX_X, 7, 0.5)]),
            "bad: expected labels below 3, the length of the class list, found 7",
        ),
    ],
)
def test_what_is_no_detection_is_refused(data, broken, message):
    with pytest.raises(InkError, match=message):
        detection.read_part(data, [PART[0], broken], len(CLASSES))


def test_a_score_that_is_no_number_is_refused(data, monkeypatch):
    outputs = {
        "boxes": np.zeros((1, 100, 4)),
        "scores": np.full((1, 100), np.nan),
        "classes": np.zeros((1, 100), int),
        "count": np.ones(1, int),
    }
    monkeypatch.setattr(detection.Runner, "outputs", lambda self, images: outputs)
    with pytest.raises(InkError, match="a: expected finite boxes and scores, found NaN or infinity"):
        detection.read_part(data, PART, len(CLASSES))


def test_a_classifier_is_refused(exported):
    small = formula("a", TRUTH, ALL)._replace(height=24, width=24, image=PART[0].image)
    with pytest.raises(InkError, match=r"expected images \[n, 24, 24, 1\]"):
        detection.read_part(exported["float32"], [small], len(CLASSES))


def test_an_empty_part_is_refused(data):
    with pytest.raises(InkError, match="expected formulas to read, found none"):
        detection.read_part(data, [], len(CLASSES))
