"""A sheet on a dark desk: its edges are found; lookalikes are left alone."""

import cv2
import numpy as np
import pytest

from benchmarks.made_pictures import PAGE, Drawing, replace
from benchmarks.made_pictures import render as render_file
from pipeline.formats.image import read_grey
from pipeline.ink.canvas import Frame
from pipeline.ink.develop import BlankPhotoError, develop, fit_photo, place_photo
from pipeline.ink.sheet import MIN_SIDE, find_sheet

FRAME = Frame(height=128, width=512, symbol=32, pen=2)
PAPER, DESK = 222, 42  # mean levels
# Above, below, left, right.
RIMS = [
    (60, 60, 60, 60),
    (20, 20, 20, 20),
    (100, 110, 120, 130),
    (20, 30, 25, 0),
    (0, 50, 0, 80),
    (0, 0, 40, 0),
    (0, 25, 0, 0),
]


def formula() -> Drawing:
    """A plus, a bar and a ring: 150 x 330 pixels."""
    ink = np.zeros((150, 330), np.uint8)
    cv2.line(ink, (5, 75), (95, 75), 255, 8)
    cv2.line(ink, (50, 30), (50, 120), 255, 8)
    cv2.line(ink, (125, 75), (195, 75), 255, 8)
    cv2.circle(ink, (270, 75), 50, 255, 8)
    boxes = np.array([[26, 1, 124, 99], [71, 121, 79, 199], [21, 216, 129, 324]], np.float64)
    return Drawing(ink, boxes, ("+", "-", "0"))


def render(look, drawing=None):
    photo = render_file(drawing or formula(), look, 5)
    return read_grey(photo.data), photo.boxes


def iou(one, other):
    return ((one > 127) & (other > 127)).sum() / ((one > 127) | (other > 127)).sum()


@pytest.mark.parametrize("rims", RIMS)
@pytest.mark.parametrize("tilt", [0, 1.5, -2.5])
def test_the_desk_is_left_out(rims, tilt):
    grey, _ = render(replace(PAGE, rims=rims, tilt=tilt, form="png"))
    sheet = find_sheet(grey)
    assert sheet.image.shape < grey.shape
    assert sheet.image.min() < 60  # the ink is still there
    frame = np.concatenate([sheet.image[:3].ravel(), sheet.image[-3:].ravel(), *sheet.image[:, [0, -1]].T])
    assert frame.min() > (PAPER + DESK) // 2
    if not tilt:  # little more than the desk is cut off
        above, below, left, right = rims
        lost = np.array([*sheet.corner, *(np.array(grey.shape) - sheet.corner - sheet.image.shape)])
        assert (lost >= [above, left, below, right]).all()
        assert (lost <= np.array([above, left, below, right]) + 8).all()


@pytest.mark.parametrize("rims", RIMS)
def test_a_formula_is_seen_as_without_the_desk(rims):
    expected, _ = place_photo(render(PAGE)[0], FRAME)
    canvas, _ = place_photo(render(replace(PAGE, rims=rims))[0], FRAME)
    assert iou(canvas, expected) > 0.9


@pytest.mark.parametrize("rims", RIMS)
def test_boxes_stay_on_their_symbols(rims):
    grey, boxes = render(replace(PAGE, rims=rims, tilt=1))
    picture, kept = fit_photo(grey, boxes, FRAME)
    assert kept == [0, 1, 2]
    inside = np.zeros(picture.image.shape, bool)
    for ymin, xmin, ymax, xmax in np.round(picture.boxes).astype(int):
        inside[ymin - 2 : ymax + 2, xmin - 2 : xmax + 2] = True
        assert picture.image[ymin:ymax, xmin:xmax].max() > 200
    assert picture.image[~inside].max() < 128
    _, placement = place_photo(grey, FRAME)
    np.testing.assert_allclose(placement.to_photo(placement.to_canvas(boxes)), boxes, atol=1e-6)


@pytest.mark.parametrize(
    "look",
    [
        PAGE,
        replace(PAGE, grid="squared"),
        replace(PAGE, shade=0.6),
        replace(PAGE, margin=0.0),
        replace(PAGE, paper=48, ink=205),
        replace(PAGE, paper=48, ink=205, margin=0.02),
    ],
    ids=["page", "squared", "shadow", "tight", "blackboard", "tight blackboard"],
)
def test_without_a_desk_the_picture_stays_as_it_is(look):
    grey, _ = render(look)
    sheet = find_sheet(grey)
    assert sheet.image is grey
    assert sheet.corner.tolist() == [0, 0]


def strokes(lines, pen, paper=255, ink=0, margin=0, side=200):
    """Lines from and to tenths of a square, cropped to the ink but for the margin."""
    picture = np.full((side * 2, side * 2), paper, np.uint8)
    for line in lines:
        points = np.array(line) * (side // 10) + side // 2
        cv2.polylines(picture, [points.astype(np.int32)], False, ink, pen)
    rows, columns = np.nonzero(picture == ink)
    return picture[
        rows.min() - margin : rows.max() + 1 + margin, columns.min() - margin : columns.max() + 1 + margin
    ].copy()


@pytest.mark.parametrize("pen", [10, 24, 40])
@pytest.mark.parametrize("margin", [0, 10])
@pytest.mark.parametrize(
    "lines",
    [
        [[(0, 5.5), (10, 5)]],
        [[(5, 0), (5.4, 10)]],
        [[(1, 1), (0.8, 9.5)], [(1, 1), (9, 0.6), (9.2, 10)], [(1, 9), (9.3, 9.2)]],
        [[(0.2, 1.2), (9.8, 0.4)], [(1.3, 1), (0, 10)]],
        [[(1, 1), (0.8, 9.5)], [(1, 1), (9, 0.6), (9.2, 10)], [(1, 5), (9, 5)], [(5, 1), (5, 9)], [(1, 9), (9.3, 9.2)]],
    ],
    ids=["一", "丨", "口", "厂", "田"],
)
def test_strokes_are_no_desk_and_no_sheet(lines, pen, margin):
    for paper, ink in ((255, 0), (0, 255)):
        picture = strokes(lines, pen, paper, ink, margin)
        assert find_sheet(picture).image is picture


def test_paper_without_grain_within_a_frame_is_no_sheet():
    frame = np.zeros((100, 100), np.uint8)
    frame[12:-12, 12:-12] = 255  # 口 drawn with a ruler
    assert find_sheet(frame).image is frame


def test_a_blank_sheet_on_a_desk_is_blank():
    grey, _ = render(
        replace(PAGE, rims=(60, 60, 60, 60)), Drawing(np.zeros((300, 400), np.uint8), np.zeros((0, 4)), ())
    )
    with pytest.raises(BlankPhotoError, match="blank"):
        place_photo(grey, FRAME)
    with pytest.raises(BlankPhotoError, match="blank"):
        develop(find_sheet(grey).image)


def test_one_stroke_of_chalk_is_ink():
    board = np.random.default_rng(2).normal(45, 4, (80, 300))
    board[25:55, 20:280] += 160
    board = np.clip(board, 0, 255).astype(np.uint8)
    assert find_sheet(board).image is board
    canvas, _ = place_photo(board, FRAME)
    assert (canvas > 127).any()


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 3000), (3000, 1), (MIN_SIDE, 900), (900, MIN_SIDE), (17, 17), (400, 300)]
)
def test_any_picture_has_a_sheet(shape):
    for picture in (
        np.zeros(shape, np.uint8),
        np.full(shape, 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, shape, np.uint8),
        np.pad(np.full(shape, 230, np.uint8), 4, constant_values=20),
    ):
        sheet = find_sheet(picture)
        assert 0 < sheet.image.size <= picture.size
