"""Which strokes a box stands for. Strokes are drawn by hand, x and y in pixels."""

import numpy as np

from pipeline.edge.detections import Detections
from pipeline.edge.segments import places, segment

X, TWO, ROOT, MINUS, EQUALS, PLUS, DOTS = range(7)  # labels


def line(*corners, points=20):
    """A stroke through corners (x, y) with points all along."""
    knots = np.linspace(0, 1, len(corners))
    at = np.linspace(0, 1, points)
    xs, ys = zip(*corners, strict=True)
    return np.stack([np.interp(at, knots, xs), np.interp(at, knots, ys)], axis=1).astype(np.float32)


def box(*strokes):
    """The true box of strokes: their extent, half a pen wider."""
    points = np.concatenate(strokes)
    (left, top), (right, bottom) = points.min(axis=0) - 1, points.max(axis=0) + 1
    return [top, left, bottom, right]


def found(*rows):
    """Detections out of (box, label, score)."""
    boxes, labels, scores = zip(*rows, strict=True) if rows else ([], [], [])
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, int), np.array(scores, float))


def put_together(strokes, detections, threshold=0.1):
    segments = segment(strokes, detections, threshold)
    return {(tuple(sorted(strokes)), label) for strokes, label in segments}


def place(*rows):
    """The places of detections, as (box, label, score)."""
    found_places = places(found(*rows))
    return [(b.tolist(), int(n), round(float(s), 6)) for b, n, s in zip(*found_places, strict=True)]


def test_the_names_of_a_box_add_up():
    zero, other = [0, 0, 20, 10], [0, 30, 20, 40]
    rows = (other, X, 0.6), (zero, TWO, 0.45), (zero, ROOT, 0.4)
    assert place(*rows) == [(zero, TWO, 0.85), (other, X, 0.6)]


def test_boxes_of_one_place_are_one_detection_with_the_name_that_most_scores_go_to():
    box, wider, below = [0, 0, 20, 10], [0, 0, 20, 15], [12, 0, 32, 10]
    rows = (box, TWO, 0.5), (box, X, 0.2), (wider, X, 0.4), (below, PLUS, 0.1)
    assert place(*rows) == [(box, X, 0.7), (below, PLUS, 0.1)]


def test_a_box_that_overlaps_one_that_gave_way_is_a_place_of_its_own():
    chain = [[0, 0, 10, 20], [0, 4, 10, 24], [0, 8, 10, 28]]
    assert place((chain[0], X, 0.9), (chain[1], TWO, 0.3), (chain[2], TWO, 0.2)) == [
        (chain[0], X, 0.9),
        (chain[2], TWO, 0.2),
    ]


def test_a_box_without_extent_is_a_place_too():
    assert place(([5, 5, 5, 9], X, 0.4), ([5, 5, 5, 9], TWO, 0.5)) == [([5, 5, 5, 9], TWO, 0.9)]


def test_nothing_is_in_no_place():
    assert place() == []


UPPER, LOWER = line((0, 10), (30, 10)), line((0, 20), (30, 20))
HOOK = line((0, 30), (5, 50), (10, 5), (80, 5))  # of a root, around INNER
INNER = line((20, 15), (40, 45))
CROSS = line((40, 15), (20, 45))


def test_strokes_go_to_the_box_around_them():
    detections = found((box(INNER, CROSS), X, 0.9), (box(UPPER + 100), MINUS, 0.8))
    assert put_together([INNER, CROSS, UPPER + 100], detections) == {((0, 1), X), ((2,), MINUS)}


def test_what_stands_under_a_root_belongs_to_the_inner_box():
    strokes = [HOOK, INNER, CROSS]
    detections = found((box(*strokes), ROOT, 0.99), (box(INNER, CROSS), X, 0.3))
    assert put_together(strokes, detections) == {((0,), ROOT), ((1, 2), X)}


def test_a_root_under_a_root():
    inside = HOOK / 2 + 20
    strokes = [HOOK * 2, inside, INNER / 2 + 20]
    detections = found((box(*strokes), ROOT, 0.5), (box(*strokes[1:]), ROOT, 0.9), (box(strokes[2]), X, 0.7))
    assert put_together(strokes, detections) == {((0,), ROOT), ((1,), ROOT), ((2,), X)}


def test_a_doubtful_box_does_not_rob_a_sure_one():
    minus = (box(UPPER), MINUS, 0.4)
    equals = (box(UPPER, LOWER), EQUALS, 0.9)
    assert put_together([UPPER, LOWER], found(minus, equals)) == {((0, 1), EQUALS)}
    assert put_together([UPPER, LOWER], found(minus, (box(LOWER), MINUS, 0.3), equals)) == {((0, 1), EQUALS)}


def test_two_sure_boxes_win_against_a_doubtful_one_around_both():
    detections = found((box(UPPER), MINUS, 0.8), (box(LOWER), MINUS, 0.9), (box(UPPER, LOWER), EQUALS, 0.4))
    assert put_together([UPPER, LOWER], detections) == {((0,), MINUS), ((1,), MINUS)}


def test_a_stroke_inside_a_box_need_not_fill_it():
    dots = [line((x, 0), (x + 2, 0), points=3) for x in (0, 20, 40)]
    assert put_together(dots, found((box(*dots), DOTS, 0.9))) == {((0, 1, 2), DOTS)}


def test_a_fraction_bar_between_its_parts():
    strokes = [line((10, 0), (20, 18)), line((0, 20), (30, 21)), line((10, 23), (20, 40))]
    detections = found(*((box(stroke), label, 0.5) for stroke, label in zip(strokes, (X, MINUS, TWO), strict=True)))
    assert put_together(strokes, detections) == {((0,), X), ((1,), MINUS), ((2,), TWO)}


def test_a_thin_box_may_be_two_pixels_off():
    top, left, bottom, right = box(UPPER)
    assert put_together([UPPER], found(([top + 2, left, bottom + 2, right], MINUS, 0.9))) == {((0,), MINUS)}


def test_of_two_boxes_on_one_symbol_the_surer_stays():
    top, left, bottom, right = box(INNER, CROSS)
    larger = [top - 1, left - 1, bottom + 1, right + 1]
    rows = ([top, left, bottom, right], TWO, 0.4), (larger, X, 0.6)
    assert put_together([INNER, CROSS], found(*rows)) == {((0, 1), X)}
    assert put_together([INNER, CROSS], found(*rows[::-1])) == {((0, 1), X)}


def test_of_equal_boxes_and_scores_the_first_stays():
    same = box(INNER)
    assert put_together([INNER], found((same, TWO, 0.5), (same, X, 0.5))) == {((0,), TWO)}


def test_detections_below_the_threshold_do_not_count():
    detections = found((box(INNER), X, 0.3), (box(UPPER), MINUS, 0.7))
    assert put_together([INNER, UPPER], detections, threshold=0.7) == {((1,), MINUS)}
    assert put_together([INNER, UPPER], detections, threshold=0.8) == set()


def test_strokes_in_no_box_are_in_no_segment():
    assert put_together([INNER, UPPER + 200], found((box(INNER), X, 0.9))) == {((0,), X)}
    assert put_together([INNER], found()) == set()
    assert put_together([], found((box(INNER), X, 0.9))) == set()
    assert put_together([INNER, np.zeros((0, 2))], found((box(INNER), X, 0.9))) == {((0,), X)}


def test_a_hundred_boxes_on_one_stroke_give_one_segment():
    rows = [([15 - i, 20 - i, 45 + i, 40 + i], X, 0.9 - i / 1000) for i in range(100)]
    assert put_together([INNER], found(*rows)) == {((0,), X)}
