"""CROHME's figures of strokes, on hand-made segments."""

import pytest

from pipeline.edge.segments import Segment
from pipeline.scoring.strokes import Counts, StrokeTruth, count, sum_counts

X, TWO, MINUS, EQUALS, PLUS = range(5)  # labels

TRUTH = StrokeTruth([frozenset({0, 1}), frozenset({2}), frozenset({3})], [EQUALS, X, TWO])


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([], Counts(symbols=3)),
        ([({0, 1}, EQUALS), ({2}, X), ({3}, TWO)], Counts(3, 3, 3, 3)),
        ([({0, 1}, EQUALS), ({2}, TWO)], Counts(3, 2, 2, 1)),  # found, but misread
        ([({0}, MINUS), ({1}, MINUS), ({2}, X)], Counts(3, 3, 1, 1)),  # broken in two
        ([({0, 1, 2}, EQUALS), ({3}, TWO)], Counts(3, 2, 1, 1)),  # two in one
    ],
)
def test_a_segment_finds_a_symbol_if_it_is_its_very_strokes(segments, expected):
    assert count(TRUTH, [Segment(frozenset(strokes), label) for strokes, label in segments]) == expected


def test_of_two_symbols_that_share_all_strokes_one_can_be_found():
    shared = StrokeTruth([frozenset({0}), frozenset({0})], [X, TWO])
    for label, read in ((X, 1), (TWO, 1), (PLUS, 0)):
        assert count(shared, [Segment(frozenset({0}), label)]) == Counts(2, 1, 1, read)


def test_of_two_symbols_that_share_a_stroke_only_one_has_it():
    shared = StrokeTruth([frozenset({0, 1}), frozenset({1, 2})], [X, TWO])
    segments = [Segment(frozenset({0, 1}), X), Segment(frozenset({2}), TWO)]
    assert count(shared, segments) == Counts(2, 2, 1, 1)


def test_shares():
    counts = sum_counts([Counts(6, 4, 3, 2), Counts(4, 1, 1, 0)])
    assert counts == Counts(10, 5, 4, 2)
    assert (counts.recall, counts.precision) == (0.4, 0.8)
    assert (counts.class_recall, counts.class_precision) == (0.2, 0.4)
    assert counts.class_f1 == pytest.approx(2 * 0.2 * 0.4 / 0.6)


def test_nothing_has_shares_of_zero():
    assert (Counts().recall, Counts().class_precision, Counts().class_f1) == (0, 0, 0)
