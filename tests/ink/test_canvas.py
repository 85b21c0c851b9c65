"""The canvas: position and size of the ink, and the pixels that it covers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ink.canvas import MARGIN, UNITS, Frame, draw_ink, fitting_scale, rasterise

FRAME = Frame(height=128, width=512, symbol=32, pen=2)
WEDGE = [
    [255, 255, 191, 112, 32, 0, 0, 0],
    [112, 207, 255, 255, 255, 223, 112, 0],
    [0, 0, 32, 96, 191, 255, 255, 16],
    [0, 0, 0, 0, 175, 255, 128, 0],
    [0, 0, 0, 112, 255, 207, 0, 0],
    [0, 0, 0, 223, 239, 32, 0, 0],
]
MAX_COORDINATE = 1e7


def line(*points):
    return np.array(points, np.float64)


def test_a_short_formula_is_not_blown_up():
    """A minus, then a stroke half as long: the 75th percentile of two is the longer one."""
    picture = draw_ink([line((0, 0), (10, 0)), line((20, 0), (25, 0))], [[0], [1]], FRAME)
    # 3.2 pixels per unit, 80 pixels in all, centred at 256, 64; a pixel of pen around.
    assert picture.boxes.tolist() == [[63, 215, 65, 249], [63, 279, 65, 297]]
    assert [stroke.tolist() for stroke in picture.strokes] == [[[216, 64], [248, 64]], [[280, 64], [296, 64]]]
    assert picture.symbol_strokes == [[0], [1]]


def test_a_long_formula_fills_the_width_and_a_tall_one_the_height():
    wide = draw_ink([line((0, 0), (1, 1)), line((99, 0), (100, 1))], [[0, 1]], FRAME)
    assert wide.boxes[0, [1, 3]].tolist() == [MARGIN - 1, 512 - MARGIN + 1]
    tall = draw_ink([line((0, 0), (1, 1)), line((0, 99), (1, 100))], [[0, 1]], FRAME)
    assert tall.boxes[0, [0, 2]].tolist() == [MARGIN - 1, 128 - MARGIN + 1]


@pytest.mark.parametrize(
    ("sizes", "typical"), [([3], 3), ([1, 3], 3), ([1, 2, 3], 3), ([1, 2, 3, 4], 3), ([1] * 9 + [8], 1)]
)
def test_the_typical_size_is_the_nearest_rank(sizes, typical):
    assert fitting_scale(1, 1, sizes, FRAME) == 32 / typical


@pytest.mark.parametrize(("factor", "shift"), [(1e-4, 0), (1000, -30_000), (1, 9e6)])
def test_unit_and_place_of_the_ink_do_not_matter(factor, shift):
    traces = [line((0, 0), (8, 4), (3, 1)), line((16, -4), (16, 12))]
    moved = [trace * factor + shift for trace in traces]
    one, other = (draw_ink(ink, [[0], [1]], FRAME) for ink in (traces, moved))
    np.testing.assert_allclose(other.boxes, one.boxes, atol=1 / UNITS)


def test_traces_of_no_symbol_leave_no_mark():
    ink = [line((0, 0), (10, 10)), line((9e6, 9e6)), line((10, 0), (0, 10))]
    picture = draw_ink(ink, [[0, 2]], FRAME)
    alone = draw_ink([ink[0], ink[2]], [[0, 1]], FRAME)
    np.testing.assert_array_equal(picture.image, alone.image)
    assert picture.symbol_strokes == [[0, 1]]
    assert len(picture.strokes) == 2


def test_one_trace_may_serve_two_symbols():
    picture = draw_ink([line((0, 0), (1, 0)), line((0, 1), (1, 1))], [[1, 0], [0]], FRAME)
    assert picture.symbol_strokes == [[0, 1], [0]]
    assert picture.boxes[0].tolist() == [47, 239, 81, 273]
    assert picture.boxes[1].tolist() == [47, 239, 49, 273]


def test_a_dot_is_a_disc():
    picture = draw_ink([line((5, 5))], [[0]], FRAME)
    assert picture.boxes.tolist() == [[63, 255, 65, 257]]
    assert picture.image[63:65, 255:257].min() >= 128
    assert picture.image.astype(int).sum() == pytest.approx(np.pi * 255, rel=0.1)


def test_ink_closer_than_a_millionth_is_a_dot():
    picture = draw_ink([line((5, 5), (5 + 1e-7, 5))], [[0]], FRAME)
    assert picture.boxes.tolist() == [[63, 255, 65, 257]]


def test_boxes_end_at_the_canvas():
    picture = draw_ink([line((0, 0), (1000, 0))], [[0]], FRAME._replace(pen=8, symbol=600))
    assert picture.boxes.tolist() == [[60, 0, 68, 512]]


def test_pixels_of_a_bar():
    """Two pixels thick (and a sub-pixel, as OpenCV counts), from 8 to 16: full inside, round at its ends."""
    image = rasterise([np.array([[8, 4], [16, 4]]) * UNITS], Frame(8, 24, 32, 2))
    assert (image.shape, image.dtype) == ((8, 24), np.uint8)
    assert (image[3:5, 8:16] == 255).all()
    assert image[[2, 5]].max() <= 64
    assert image[[0, 1, 6, 7]].max() == 0
    assert image[:, 6].max() == image[:, 18].max() == 0
    assert 0 < image[3, 7] < 255


def test_the_pixels_do_not_change():
    """A fixed picture, so that every CPU, version and language must give the same bytes."""
    image = rasterise([np.array([[10, 10], [100, 37], [61, 90]])], Frame(6, 8, 32, 1.5))
    assert image.tolist() == WEDGE


numbers = st.floats(-MAX_COORDINATE, MAX_COORDINATE)
traces = st.lists(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4).map(lambda p: line(*p)), min_size=1, max_size=4
)


@given(traces)
@settings(max_examples=60, deadline=None)
def test_any_ink_fits(ink):
    picture = draw_ink(ink, [[index] for index in range(len(ink))], FRAME)
    assert picture.image.any()
    low, high = picture.boxes[:, :2], picture.boxes[:, 2:]
    assert (low >= 0).all()
    assert (high <= [128, 512]).all()
    assert (high - low >= FRAME.pen).all()
    assert (picture.boxes * UNITS == np.round(picture.boxes * UNITS)).all()
    drawn = np.argwhere(picture.image)
    assert (drawn >= np.floor(low.min(axis=0)) - 1).all()
    assert (drawn <= np.ceil(high.max(axis=0))).all()
