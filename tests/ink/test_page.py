"""Pages: formulas are found by their layout, turned upright, and each keeps its place on the photo."""

import contextlib

import cv2
import numpy as np
import pytest

from pipeline.ink.canvas import Frame
from pipeline.ink.develop import BlankPhotoError, find_ink
from pipeline.ink.page import MAX_PARTS, find_blocks, group_parts, place_block

FRAME = Frame(height=128, width=512, symbol=32, pen=2)
UNIT = 10
# Layouts of letters of 10 units and of bars: boxes as ymin, xmin, ymax, xmax, and the size of each formula.
LINE = [(0, x, 10, x + 8) for x in (0, 12, 24, 60)]
FRACTION = [(0, 10, 10, 18), (14, 0, 16, 30), (20, 10, 30, 18)]
SUM = [(0, 20, 10, 28), (0, 32, 10, 40), (22, 0, 30, 8), (22, 20, 32, 28), (22, 32, 32, 40), (37, 0, 38, 44)]
TALL_SUM = [
    (0, 20, 10, 28),
    (13, 20, 23, 28),
    *((top + 36, left, bottom + 36, right) for top, left, bottom, right in SUM),
]
LIMITS = [(0, 0, 4, 4), (8, 0, 24, 12), (28, 0, 32, 4), (10, 16, 20, 24)]
MATRIX = [(0, 0, 40, 4), (0, 8, 10, 16), (30, 8, 40, 16), (0, 44, 40, 48)]
ROOT = [(0, 0, 24, 80), (8, 30, 18, 38), (8, 60, 18, 68)]
DOTS = [(0, 0, 10, 8), (8, 14, 9, 15), (8, 20, 9, 21), (8, 26, 9, 27), (0, 32, 10, 40)]


def shifted(boxes, down, across=0):
    return [(top + down, left + across, bottom + down, right + across) for top, left, bottom, right in boxes]


TALL_SUM = [(0, 20, 10, 28), (13, 20, 23, 28), *shifted(SUM, 36)]


def sizes(boxes):
    return [len(group) for group in group_parts(np.array(boxes, np.int64), UNIT)]


@pytest.mark.parametrize("boxes", [LINE, FRACTION, SUM, TALL_SUM, LIMITS, MATRIX, ROOT, DOTS, LINE[:1]])
def test_a_formula_is_one_block(boxes):
    assert sizes(boxes) == [len(boxes)]


@pytest.mark.parametrize("gap", [6, 10, 30])
@pytest.mark.parametrize("below", [LINE, FRACTION, LIMITS, MATRIX])
def test_a_formula_below_a_line_is_another(gap, below):
    assert sizes(LINE + shifted(below, 10 + gap)) == [len(LINE), len(below)]


def test_formulas_far_to_the_right_are_others():
    assert sizes(LINE + shifted(LINE, 0, 68 + 40)) == [8]
    assert sizes(LINE + shifted(LINE, 0, 68 + 41)) == [4, 4]
    assert sizes(LINE + shifted(FRACTION, 0, 68 + 41)) == [4, 3]


def test_a_fraction_in_a_line_does_not_take_the_line_above():
    line = [*shifted(FRACTION, 20, 40), (30, 0, 40, 8), (34, 16, 35, 24), (37, 16, 38, 24)]
    assert sizes(LINE[:2] + line) == [2, 6]


def test_parts_of_a_block_are_ascending():
    for group in group_parts(np.array(TALL_SUM[::-1] + shifted(LINE, 200), np.int64), UNIT):
        assert (np.diff(group) > 0).all()


def page(*rows, shape=(400, 500), unit=3):
    """Dark boxes on paper; rows are boxes in `UNIT` units of `unit` pixels."""
    image = np.full(shape, 215, np.uint8)
    for top, left, bottom, right in np.array([box for row in rows for box in row]) * unit:
        image[30 + top : 30 + bottom, 30 + left : 30 + right] = 40
    return image


@pytest.mark.parametrize("boxes", [LINE, FRACTION, SUM, TALL_SUM, LIMITS, MATRIX, DOTS])
@pytest.mark.parametrize("light", [False, True])
def test_one_upright_formula_is_the_ink_of_the_photo(boxes, light):
    grey = 255 - page(boxes) if light else page(boxes)
    (block,) = find_blocks(grey)
    ink = find_ink(grey)
    np.testing.assert_array_equal(block.ink.image, ink.image)
    np.testing.assert_array_equal(block.ink.corner, ink.corner)
    assert (block.ink.sizes, block.page) == (ink.sizes, None)


def test_each_block_has_its_own_scale_and_place():
    large = [tuple(3 * side for side in box) for box in LINE[:2]]
    grey = page(LINE, shifted(large, 30))
    small, big = find_blocks(grey)
    for block, boxes in ((small, LINE), (big, shifted(large, 30))):
        canvas, placement = place_block(block, FRAME)
        assert canvas.shape == (128, 512)
        rows, columns = np.flatnonzero(canvas.max(axis=1) > 127), np.flatnonzero(canvas.max(axis=0) > 127)
        assert rows[-1] + 1 - rows[0] == pytest.approx(32, abs=2)  # a letter has the size of the frame's symbol
        found = placement.to_photo(np.array([[rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]], np.float64))
        top, left, bottom, right = np.array(boxes).T
        np.testing.assert_allclose(found[0], 30 + 3 * np.array([min(top), min(left), max(bottom), max(right)]), atol=3)


def test_a_block_has_no_ink_of_others():
    """Letters, and a tall part to their right; below the letters, within the extent of both, is another line."""
    tall = [(0, x, 10, x + 8) for x in range(0, 120, 12)] + [(0, 120, 60, 124)]
    line = shifted(LINE[:3], 30)
    upper, lower = sorted(find_blocks(page(tall, line, shape=(300, 500))), key=lambda block: -block.ink.image.size)
    assert upper.ink.image.shape == (3 * 60 + 2, 3 * 124 + 2)
    assert lower.ink.image.shape == (3 * 10 + 2, 3 * 32 + 2)
    assert upper.ink.image[3 * 25 :, : 3 * 110].max() == 0
    assert (upper.ink.image > 127).sum() == pytest.approx(9 * (10 * 80 + 4 * 60), rel=0.03)


def test_a_page_without_lines_is_one_block():
    grey = np.full((500, 500), 220, np.uint8)
    grey[::10, ::10] = 30
    grey[1::10, ::10] = 30
    assert (grey == 30).sum() > 2 * MAX_PARTS
    (block,) = find_blocks(grey)
    assert block.ink.image.shape == find_ink(grey).image.shape


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (5, 5), (3, 3000), (300, 390)])
def test_any_picture_has_blocks_or_is_blank(shape):
    grey = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    with contextlib.suppress(BlankPhotoError):
        for block in find_blocks(grey):
            canvas, placement = place_block(block, FRAME)
            assert canvas.max() > 0
            assert np.isfinite(placement.to_photo(np.array([[0.0, 0, 9, 9]]))).all()
    with pytest.raises(BlankPhotoError, match="blank: no ink in"):
        find_blocks(np.full(shape, 200, np.uint8))


@pytest.mark.parametrize("degrees", [-20, -10, -5, 5, 10, 20])
def test_a_tilted_page_is_read_upright_and_its_boxes_are_on_the_photo(degrees):
    rows = [shifted([(0, x, 10, x + 8) for x in range(0, 130, 12)], top) for top in (0, 25, 50)]
    upright = page(*rows, shape=(400, 500))
    size = 700
    turn = cv2.getRotationMatrix2D((250, 200), degrees, 1)
    turn[:, 2] += (size - 500) / 2, (size - 400) / 2
    grey = cv2.warpAffine(upright, turn, (size, size), borderValue=215)
    blocks = sorted(find_blocks(grey), key=lambda block: block.ink.corner[0])
    assert [len(block.ink.sizes) for block in blocks] == [11, 11, 11]
    for block, row in zip(blocks, rows, strict=True):
        canvas, placement = place_block(block, FRAME)
        ys, xs = np.nonzero(canvas > 127)
        assert ys.max() + 1 - ys.min() <= 36  # level: the letters are 32 pixels high
        top, left, bottom, right = 30 + 3 * np.array([row[0][0], row[0][1], row[-1][2], row[-1][3]])
        corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]]) @ turn[:, :2].T + turn[:, 2]
        expected = [*corners.min(axis=0)[::-1], *corners.max(axis=0)[::-1]]
        box = np.array([[ys.min(), xs.min(), ys.max() + 1, xs.max() + 1]], np.float64)
        np.testing.assert_allclose(placement.to_photo(box)[0], expected, atol=6)
