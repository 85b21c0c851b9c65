"""The metrics, on cases small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring import classification as scoring
from pipeline.scoring.classification import ClassScore, Confusion

SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5]], np.float32)
LABELS = np.array([1, 2, 0])
PREDICTED = [1, 0, 2]
RANK = [0, 1, 2]

# Class 0: 2 of 3 right; class 1: 0 of 2; class 3: 1 of 1; class 2 has no samples.
READ = np.array([0, 0, 1, 0, 3, 3])
TRUE = np.array([0, 0, 0, 1, 1, 3])


def test_scores_become_a_prediction_and_the_rank_of_the_truth():
    predicted, rank = scoring.reduce_scores(SCORES, LABELS)
    assert predicted.tolist() == PREDICTED
    assert rank.tolist() == RANK
    assert predicted.dtype == rank.dtype == np.int32


def test_of_equal_scores_the_lower_label_comes_first():
    predicted, rank = scoring.reduce_scores(np.zeros((3, 4)), np.array([0, 1, 3]))
    assert predicted.tolist() == [0, 0, 0]
    assert rank.tolist() == [0, 1, 3]


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=8), st.data())
def test_rank_is_the_place_in_a_stable_sort(rows, data):
    scores = np.array(rows)
    labels = np.array([data.draw(st.integers(0, 4)) for _ in rows])
    order = np.argsort(-scores, axis=1, kind="stable")
    predicted, rank = scoring.reduce_scores(scores, labels)
    assert predicted.tolist() == order[:, 0].tolist()
    assert order[np.arange(len(rows)), rank].tolist() == labels.tolist()


@pytest.mark.parametrize(("k", "share"), [(1, 1 / 3), (2, 2 / 3), (3, 1.0)])
def test_top_k(k, share):
    assert scoring.top_k(np.array(RANK), k) == pytest.approx(share)


def test_each_class_with_samples_has_its_recall():
    assert scoring.class_scores(READ, TRUE) == [ClassScore(0, 2 / 3, 3), ClassScore(1, 0.0, 2), ClassScore(3, 1.0, 1)]


def test_macro_accuracy_weighs_classes_not_samples():
    assert scoring.macro_accuracy(READ, TRUE) == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert scoring.top_k((READ != TRUE).astype(int), 1) == pytest.approx(3 / 6)


def test_worst_classes_first():
    assert [score.label for score in scoring.worst_classes(READ, TRUE, 2)] == [1, 0]


def test_agreement_counts_common_mistakes():
    assert scoring.agreement(np.array([1, 2, 3, 3]), np.array([1, 2, 0, 3])) == 0.75


def test_confusions_most_frequent_first():
    predicted = np.array([5, 5, 2, 0, 1, 1])
    labels = np.array([4, 4, 3, 1, 0, 1])
    assert scoring.confusions(predicted, labels, 3) == [Confusion(4, 5, 2), Confusion(0, 1, 1), Confusion(1, 0, 1)]


def test_a_perfect_model_has_no_confusions():
    assert scoring.confusions(TRUE, TRUE, 10) == []
