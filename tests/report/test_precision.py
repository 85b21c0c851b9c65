"""Rows of the plots, from hand-made scores."""

import numpy as np

from pipeline.report.precision import class_rows, curve_rows
from pipeline.scoring.coco import BoxScore, Scores

GOOD, BAD = BoxScore(0.7, 0.9, 0.8, 0.85), BoxScore(0.1234567, 0.2, 0.1, 0.5)
SCORES = Scores({1: GOOD, 4: BAD}, {1: 30, 4: 10}, GOOD, GOOD, np.arange(3) / 2, np.full(3, 1 / 3), np.full(3, 0.5))
CLASSES = ["+", r"\sqrt", "a", "b", "x"]


def test_the_worst_class_comes_first():
    assert class_rows(SCORES, CLASSES) == [
        {"symbol": "x", "ap50": 0.2, "ap": 0.12346, "boxes": 10},
        {"symbol": r"\sqrt", "ap50": 0.9, "ap": 0.7, "boxes": 30},
    ]


def test_a_row_for_each_recall():
    assert curve_rows(SCORES) == [{"recall": at, "macro": 0.33333, "weighted": 0.5} for at in (0.0, 0.5, 1.0)]
