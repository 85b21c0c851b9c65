"""Glyphs drawn in the test are traced to the strokes that drew them."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.synthesis.tracing.centre_lines import trace

WIDTH = 8  # pixels of the pen
NEAR = 3  # pixels


def glyph(*strokes, width=WIDTH, closed=False):
    picture = np.zeros((100, 100), np.uint8)
    cv2.polylines(picture, [np.array(stroke, np.int32) for stroke in strokes], closed, 255, width)
    return picture


def ends(line):
    """Both ends of a line, the upper left one first."""
    return sorted([line[0].tolist(), line[-1].tolist()], key=sum)


def assert_ends(line, *expected):
    np.testing.assert_allclose(ends(line), expected, atol=WIDTH / 2 + NEAR)


def test_nothing_is_traced_to_nothing():
    assert trace(np.zeros((50, 50), np.uint8)) == []


def test_a_stroke_is_one_line_from_end_to_end():
    (line,) = trace(glyph([(10, 20), (90, 80)]))
    assert_ends(line, (10, 20), (90, 80))


def test_strokes_run_straight_through_their_crossing():
    lines = sorted(trace(glyph([(10, 50), (90, 50)], [(50, 10), (50, 90)])), key=lambda line: np.ptp(line[:, 1]))
    assert len(lines) == 2
    assert_ends(lines[0], (10, 50), (90, 50))
    assert_ends(lines[1], (50, 10), (50, 90))
    assert np.abs(lines[0][:, 1] - 50).max() < NEAR


def test_a_stroke_that_meets_another_one_ends_in_its_centre():
    lines = sorted(trace(glyph([(10, 20), (90, 20)], [(50, 20), (50, 90)])), key=lambda line: np.ptp(line[:, 1]))
    assert len(lines) == 2
    assert_ends(lines[0], (10, 20), (90, 20))
    assert_ends(lines[1], (50, 20), (50, 90))


def test_a_dot_that_touches_a_line_is_a_stroke():
    """As that of 宀; its branch is as short as the spur of a brush, which is pointed."""
    roof = [(10, 40), (90, 40)]
    lines = sorted(trace(glyph([(50, 32), (50, 40)], roof)), key=lambda line: np.ptp(line[:, 0]))
    assert len(lines) == 2
    assert_ends(lines[0], (50, 32), (50, 40))
    spur = glyph(roof)
    cv2.fillConvexPoly(spur, np.array([(46, 37), (54, 37), (50, 28)]), 255)
    (line,) = trace(spur)
    assert_ends(line, *roof)


def test_a_corner_is_within_one_stroke():
    (line,) = trace(glyph([(20, 20), (80, 20), (80, 80)]))
    assert_ends(line, (20, 20), (80, 80))
    assert np.hypot(*(line - (80, 20)).T).min() < WIDTH / 2 + NEAR


def test_a_box_is_one_closed_line():
    (line,) = trace(glyph([(20, 20), (80, 20), (80, 80), (20, 80)], closed=True))
    np.testing.assert_array_equal(np.round(line[0] - line[-1]) <= WIDTH, True)
    np.testing.assert_allclose(np.ptp(line, axis=0), (60, 60), atol=NEAR)


def test_a_dot_is_a_short_stroke():
    (line,) = trace(glyph([(50, 50), (50, 50)]))
    assert np.ptp(line, axis=0).max() <= 2 * WIDTH


def test_the_end_of_a_brush_has_no_spurs():
    lines = trace(glyph([(20, 50), (90, 50)], width=21))
    assert len(lines) == 1
    assert np.ptp(lines[0][:, 0]) > 60


@pytest.mark.parametrize("threshold", [127, 128])
def test_ink_is_above_127(threshold):
    assert bool(trace(np.where(glyph([(10, 20), (90, 80)]), threshold, 0).astype(np.uint8))) == (threshold > 127)


@given(arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.sampled_from([0, 255])))
@settings(max_examples=200, deadline=None)
def test_any_picture_gives_finite_lines_near_its_ink(picture):
    height, width = picture.shape
    for line in trace(picture):
        assert len(line) >= 2
        assert line.shape[1:] == (2,)
        assert np.isfinite(line).all()
        assert (line > -24).all()
        assert (line < np.array([width, height]) + 24).all()
