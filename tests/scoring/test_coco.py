"""COCO's figures, worked out by hand."""

import numpy as np
import pytest

from pipeline.edge.detections import Detections, box_iou
from pipeline.errors import InkError
from pipeline.scoring.coco import Truth, match, score_boxes

A, B, ABSENT = 3, 7, 9  # labels
LEFT, RIGHT, FAR = [10, 10, 30, 30], [10, 40, 30, 60], [90, 90, 110, 110]
# Of the 101 recalls, 0 to .5 are the first half of two boxes, .51 to 1 the second.
FIRST_HALF, SECOND_HALF = 51 / 101, 50 / 101


def truth(*boxes, labels):
    return Truth(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))


def found(*boxes, labels, scores):
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels), np.array(scores, np.float32))


NOTHING = found(labels=[], scores=[])
NO_SYMBOLS = truth(labels=[])


def test_all_found_is_one():
    scores = score_boxes([truth(LEFT, RIGHT, labels=[A, B])], [found(LEFT, RIGHT, labels=[A, B], scores=[0.9, 0.2])])
    for mean in (scores.macro, scores.weighted, scores.classes[A], scores.classes[B]):
        assert (mean.ap, mean.ap50, mean.ap75, mean.ar) == pytest.approx((1, 1, 1, 1))
    assert scores.counts == {A: 1, B: 1}
    assert scores.recall.tolist() == pytest.approx([i / 100 for i in range(101)])
    assert scores.macro_precision.tolist() == pytest.approx([1] * 101)


def test_a_false_one_between_two_right_ones():
    scores = score_boxes(
        [truth(LEFT, RIGHT, labels=[A, A])], [found(LEFT, FAR, RIGHT, labels=[A, A, A], scores=[0.9, 0.8, 0.7])]
    )
    assert scores.macro.ap50 == pytest.approx(FIRST_HALF + SECOND_HALF * 2 / 3)
    assert scores.macro_precision.tolist() == pytest.approx([1] * 51 + [2 / 3] * 50)
    assert scores.macro.ar == pytest.approx(1)


def test_a_loose_box_counts_at_the_ious_that_it_reaches():
    loose = [10, 10, 30, 37]  # 20 x 20 in 20 x 27: IoU .74, beyond .5, .55, .6, .65 and .7
    scores = score_boxes([truth(LEFT, labels=[A])], [found(loose, labels=[A], scores=[0.5])])
    assert (scores.macro.ap50, scores.macro.ap75) == pytest.approx((1, 0))
    assert (scores.macro.ap, scores.macro.ar) == pytest.approx((0.5, 0.5))


def test_classes_count_the_same_or_as_often_as_they_occur():
    part = [truth(LEFT, RIGHT, FAR, labels=[A, A, A]), truth(LEFT, labels=[B])]
    scores = score_boxes(part, [found(LEFT, RIGHT, FAR, labels=[A, A, A], scores=[0.9, 0.8, 0.7]), NOTHING])
    assert scores.counts == {A: 3, B: 1}
    assert (scores.macro.ap50, scores.weighted.ap50) == pytest.approx((1 / 2, 3 / 4))
    assert scores.weighted_precision.tolist() == pytest.approx([3 / 4] * 101)


def test_a_class_that_the_part_lacks_is_left_out():
    scores = score_boxes([truth(LEFT, labels=[A])], [found(LEFT, RIGHT, labels=[A, ABSENT], scores=[0.5, 0.9])])
    assert set(scores.classes) == {A}
    assert scores.macro.ap == pytest.approx(1)


def test_the_right_box_of_the_wrong_class_is_none():
    scores = score_boxes([truth(LEFT, RIGHT, labels=[A, B])], [found(LEFT, RIGHT, labels=[B, A], scores=[0.9, 0.9])])
    assert scores.macro.ap50 == scores.macro.ar == 0


def test_a_symbol_found_twice_is_one_right_and_one_false():
    part = [truth(LEFT, RIGHT, labels=[A, A])]
    twice = found(LEFT, LEFT, RIGHT, labels=[A] * 3, scores=[0.9, 0.8, 0.7])
    assert score_boxes(part, [twice]).macro.ap50 == pytest.approx(FIRST_HALF + SECOND_HALF * 2 / 3)


def test_boxes_of_an_image_without_symbols_are_false():
    part = [truth(LEFT, labels=[A]), NO_SYMBOLS]
    detections = [found(LEFT, labels=[A], scores=[0.5]), found(LEFT, labels=[A], scores=[0.9])]
    assert score_boxes(part, detections).macro.ap50 == pytest.approx(1 / 2)


def test_nothing_found_is_zero():
    scores = score_boxes([truth(LEFT, RIGHT, labels=[A, B]), NO_SYMBOLS], [NOTHING, NOTHING])
    assert (scores.macro.ap, scores.macro.ap50, scores.macro.ar) == (0, 0, 0)
    assert scores.weighted_precision.tolist() == [0] * 101


def test_no_more_than_a_hundred_of_an_image_count():
    boxes = [FAR] * 99 + [LEFT, RIGHT]
    detections = [found(*boxes, labels=[A] * 101, scores=np.linspace(0.9, 0.1, 101))]
    assert score_boxes([truth(LEFT, RIGHT, labels=[A, A])], detections).macro.ar == pytest.approx(1 / 2)


def test_equal_scores_stand_in_the_order_of_the_images():
    part = [truth(LEFT, labels=[A]), truth(LEFT, labels=[A])]
    right, wrong = found(LEFT, labels=[A], scores=[0.5]), found(FAR, labels=[A], scores=[0.5])
    assert score_boxes(part, [right, wrong]).macro.ap50 == pytest.approx(FIRST_HALF)
    assert score_boxes(part, [wrong, right]).macro.ap50 == pytest.approx(FIRST_HALF / 2)


def test_nothing_is_printed(capfd):
    score_boxes([truth(LEFT, labels=[A])], [NOTHING])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("part", [[], [NO_SYMBOLS]])
def test_a_part_without_symbols_has_no_score(part):
    with pytest.raises(InkError, match="expected symbols to score, found none"):
        score_boxes(part, [NOTHING] * len(part))


@pytest.mark.parametrize(
    "broken", [found(LEFT, labels=[A], scores=[np.nan]), found([0, 0, np.inf, 5], labels=[A], scores=[0.5])]
)
def test_what_is_no_number_is_refused(broken):
    with pytest.raises(InkError, match="image 1: expected finite boxes and scores, found NaN or infinity"):
        score_boxes([truth(LEFT, labels=[A])] * 2, [NOTHING, broken])


def test_overlap_of_boxes():
    boxes = np.array([LEFT, [10, 10, 30, 50], [10, 30, 30, 50], [5, 5, 5, 5]], np.float32)
    assert box_iou(np.array(LEFT, np.float32), boxes).tolist() == pytest.approx([1, 0.5, 0, 0])
    assert box_iou(np.zeros(4), np.zeros((1, 4))).tolist() == [0]


def test_each_true_box_is_matched_once_by_the_surest():
    part = truth(LEFT, RIGHT, labels=[A, B])
    detections = found(LEFT, LEFT, RIGHT, RIGHT, FAR, labels=[A, A, A, B, B], scores=[0.5, 0.6, 0.9, 0.1, 0.7])
    assert match(part, detections).tolist() == [-1, 0, -1, 1, -1]
    assert match(part, NOTHING).tolist() == []
    assert match(NO_SYMBOLS, found(LEFT, labels=[A], scores=[0.5])).tolist() == [-1]
