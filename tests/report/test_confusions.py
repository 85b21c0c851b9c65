"""Mistakes are shown by the samples themselves, and the picture is the same each time."""

import cv2
import numpy as np
import pytest

from pipeline.report.confusions import EXAMPLES, HEADER, MARGIN, ROW, WIDTH, collect, draw, rows
from pipeline.scoring.classification import Confusion, confusions

CLASSES = ["士", "土", "干"]
LABELS = np.array([0, 0, 0, 1, 1, 0, 0, 0])
PREDICTED = np.array([1, 1, 0, 1, 2, 1, 1, 1])
PAIRS = [Confusion(0, 1, 5), Confusion(1, 2, 1)]


def images() -> np.ndarray:
    """Sample i has the grey level 10 * i, so that tests can distinguish it; float32 [8, 6, 6, 1]."""
    return np.stack([np.full((6, 6, 1), 10.0 * i, np.float32) for i in range(8)])


def batches(size=3):
    for start in range(0, 8, size):
        yield images()[start : start + size], LABELS[start : start + size]


def levels(pictures) -> list[int]:
    return [int(picture[0, 0]) for picture in pictures]


def test_mistaken_samples_stand_beside_a_right_one_of_the_other_class():
    assert confusions(PREDICTED, LABELS, 2) == PAIRS
    first, second = collect(PAIRS, PREDICTED, LABELS, batches())
    assert levels(first.mistaken) == [0, 10, 50, 60]
    assert len(first.mistaken) == EXAMPLES
    assert first.typical is not None
    assert levels([first.typical]) == [30]
    assert levels(second.mistaken) == [40]
    assert second.typical is None  # the part has no sample of 干


def test_a_class_that_was_never_read_right_is_shown_by_any_sample():
    predicted = np.array([1, 0])
    (example,) = collect([Confusion(0, 1, 1)], predicted, np.array([0, 1]), [(images()[:2], None)])
    assert example.typical is not None
    assert levels([example.typical]) == [10]


def test_batches_are_read_no_further_than_needed():
    def until_sample_3():
        yield images()[:3], LABELS[:3]
        yield images()[3:6], LABELS[3:6]
        raise AssertionError("read on")

    collect([Confusion(1, 2, 1)], PREDICTED, LABELS, until_sample_3())


@pytest.mark.parametrize("pairs", [PAIRS, []])
def test_picture_has_a_row_for_each_pair_and_is_deterministic(tmp_path, pairs):
    examples = collect(pairs, PREDICTED, LABELS, batches())
    for name in ("first", "second"):
        draw(examples, CLASSES, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    picture = cv2.imread(str(tmp_path / "first"), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (HEADER + max(1, len(pairs)) * ROW + MARGIN, WIDTH)
    assert picture.min() < 100 < picture.max() == 255


def test_rows_for_dvc_plots():
    assert rows(PAIRS, CLASSES) == [
        {"pair": "士 → 土", "truth": "士", "predicted": "土", "count": 5},
        {"pair": "土 → 干", "truth": "土", "predicted": "干", "count": 1},
    ]
