"""A distorted formula: boxes are exact, the same ink is never written twice the same, and nothing leaves the canvas."""

import math

import numpy as np
import pytest

from pipeline.detector.augment import redraw_ink, warp_boxes, warp_picture
from pipeline.detector.exchange import InkSymbol, Library
from pipeline.formats.png import encode_png
from pipeline.params import load_params

PARAMS = load_params().math.train.augment
STILL = PARAMS.model_copy(update=dict.fromkeys(type(PARAMS).model_fields, 0.0))
LIMIT = (64, 128)
PEN = 2.0

CROSS = InkSymbol(0, np.array([[10, 10], [30, 30], [30, 10], [10, 30]], np.float32), [2, 2])
BAR = InkSymbol(1, np.array([[40, 20], [70, 20]], np.float32), [2])
DOT = InkSymbol(2, np.array([[80, 28]], np.float32), [1])
GLYPHS = [CROSS, BAR, DOT]


def again(seed=0, others=None, limit=LIMIT, symbols=GLYPHS, params=STILL, **changes):
    """`symbols` written again, with `others` to take their places."""
    params = params.model_copy(update=changes)
    return redraw_ink(symbols, PEN, params, limit, np.random.default_rng(seed), Library([others or symbols]))


def assert_tight(patch):
    """Each symbol, drawn without the others, just fills its box."""
    strokes = iter(patch.strokes)
    for box, symbol in zip(patch.boxes, GLYPHS, strict=True):
        points = np.concatenate([next(strokes) for _ in symbol.lengths])
        expected = [*(points.min(axis=0)[::-1] - patch.pen / 2), *(points.max(axis=0)[::-1] + patch.pen / 2)]
        np.testing.assert_allclose(box, expected, atol=1e-4)


def test_undistorted_ink_is_what_it_was():
    patch = again()
    assert patch.shape == (28, 78)  # 9..31 and 9..81, three pixels around
    assert patch.boxes.tolist() == [[3, 3, 25, 25], [13, 33, 15, 65], [21, 73, 23, 75]]
    image = patch.draw()
    assert image.shape == patch.shape
    rows, columns = np.nonzero(image >= 128)
    assert (rows.min(), columns.min(), rows.max(), columns.max()) == (3, 3, 24, 74)
    assert image[14, 40] == 255  # the bar


@pytest.mark.parametrize("part", ["symbol", "elastic", "scale", "aspect", "slant", "rotate", "thickness"])
def test_every_distortion_moves_ink_and_boxes_together(part):
    strength = 1.0 if part == "thickness" else max(getattr(PARAMS, part), 0.1)
    patch = again(seed=1, **{part: strength})
    assert_tight(patch)
    still = again()
    assert patch.pen != PEN or any(not np.allclose(a, b) for a, b in zip(patch.strokes, still.strokes, strict=True))


def test_a_long_bar_is_turned_less_than_a_short_one():
    long = InkSymbol(0, np.array([[0, 0], [320, 0]], np.float32), [2])
    for seed in range(5):
        patch = again(seed, symbols=[long], limit=(512, 512), symbol=0.2)
        rise = np.ptp(patch.strokes[0][:, 1])
        assert rise <= 320 * math.exp(0.2) * math.tan(0.2 * 32 / 320)


def test_a_symbol_gives_way_to_another_of_its_class_in_the_same_place():
    taller = InkSymbol(0, np.array([[0, 0], [40, 50], [0, 50], [40, 0]], np.float32), [2, 2])
    patch = again(others=[taller, BAR, DOT], swap=1.0)
    assert patch.boxes.tolist() == again().boxes.tolist()
    np.testing.assert_allclose(patch.strokes[0], again().strokes[0], atol=1e-5)  # stretched to the place it takes
    np.testing.assert_allclose(patch.strokes[1], again().strokes[1][::-1], atol=1e-5)  # but drawn in its own way


def test_a_symbol_that_would_be_distorted_does_not_come_in():
    upright = BAR._replace(points=BAR.points[:, ::-1].copy())
    patch = again(others=[CROSS, upright, DOT], swap=1.0)
    np.testing.assert_array_equal(patch.strokes[2], again().strokes[2])


STAR = InkSymbol(3, np.array([[10, 10], [30, 30]], np.float32), [2])
COMMA = InkSymbol(4, np.array([[35, 38], [33, 43]], np.float32), [2])  # below the line of its formula, which is at 20
OTHERS = [STAR, COMMA, STAR]


def replaced(seed):
    """Two crosses and a dot, of which the crosses give way to stars or commas; the dot is too small for either."""
    return again(seed, others=OTHERS, symbols=[CROSS, CROSS, DOT], balance=1.0)


def test_symbols_of_all_classes_come_in_alike():
    patches = [replaced(seed) for seed in range(100)]
    assert {patch.labels[2] for patch in patches} == {DOT.label}
    labels = [int(patch.labels[0]) for patch in patches]
    assert set(labels) == {STAR.label, COMMA.label}
    assert 30 < labels.count(COMMA.label) < 70  # though there is one comma for two stars


def test_another_class_comes_in_its_own_size_as_low_as_it_may():
    comma, _, dot = next(patch.strokes for patch in map(replaced, range(20)) if patch.labels[0] == COMMA.label)
    np.testing.assert_allclose(comma - dot + DOT.points, [[21, 25], [19, 30]], atol=1e-4)  # the cross ended at y = 30


def test_what_is_a_little_too_large_is_made_smaller():
    large = InkSymbol(5, np.array([[0, 0], [28, 28]], np.float32), [2])
    patches = (again(seed, others=[large, STAR, STAR], symbols=[CROSS], balance=1.0) for seed in range(20))
    patch = next(patch for patch in patches if patch.labels == [large.label])
    assert np.ptp(patch.strokes[0], axis=0).tolist() == pytest.approx([20 * 1.15 + 2] * 2)


def test_ink_that_no_other_symbol_fits_stays():
    patch = again(others=[STAR], symbols=[BAR, DOT], balance=1.0)
    assert patch.labels.tolist() == [BAR.label, DOT.label]


def test_what_would_not_fit_is_made_smaller():
    wide = InkSymbol(0, np.array([[0, 0], [500, 10]], np.float32), [2])
    patch = again(symbols=[wide])
    assert patch.shape[1] <= LIMIT[1]
    _, xmin, _, xmax = patch.boxes[0]
    assert 3 <= xmin < 4
    assert LIMIT[1] - 8 < xmax <= LIMIT[1] - 3
    assert patch.draw()[:, math.ceil(xmax) + 1 :].max(initial=0) == 0


def test_the_same_draw_gives_the_same_patch():
    first, second = (again(seed=7, params=PARAMS) for _ in range(2))
    np.testing.assert_array_equal(first.draw(), second.draw())
    assert not np.array_equal(first.boxes, again(seed=8, params=PARAMS).boxes)


def test_an_undistorted_picture_is_cut_to_its_boxes():
    image = np.zeros(LIMIT, np.uint8)
    image[20:30, 40:70] = 255
    boxes, labels = np.array([[20, 40, 30, 70]]), np.array([5], np.int32)
    patch = warp_picture(encode_png(image), boxes, labels, STILL, LIMIT, np.random.default_rng(0))
    np.testing.assert_array_equal(patch.draw(), image[17:33, 37:73])
    assert patch.boxes.tolist() == [[3, 3, 13, 33]]
    assert patch.labels.tolist() == [5]


def test_a_slanted_box_is_wider_by_less_than_its_corners():
    slant = np.array([[1, -0.5], [0, 1]])
    ((ymin, xmin, ymax, xmax),) = warp_boxes(np.array([[0.0, 0.0, 20.0, 20.0]]), slant)
    assert (ymin, ymax) == pytest.approx((0, 20))
    assert 20 * math.sqrt(1.25) < xmax - xmin < 30
