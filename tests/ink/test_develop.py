"""Photos: ink is found in any light and polarity, and boxes stay on their symbols."""

import contextlib

import numpy as np
import pytest

from pipeline.ink.canvas import UNITS, Frame
from pipeline.ink.develop import MAX_SIDE, BlankPhotoError, develop, fit_photo, place_photo

FRAME = Frame(height=128, width=512, symbol=32, pen=2)
# ymin, xmin, ymax, xmax of bars in the photo: two of 32 x 6, one of 8 x 40
BARS = np.array([[40, 30, 72, 36], [40, 60, 72, 66], [52, 90, 60, 130]], np.float64)


def photo(ink=20, paper=220, shape=(120, 200)):
    image = np.full(shape, paper, np.uint8)
    for ymin, xmin, ymax, xmax in BARS.astype(int):
        image[ymin:ymax, xmin:xmax] = ink
    return image


def noisy(image, spread=12):
    noise = np.random.default_rng(1).integers(-spread, spread + 1, image.shape)
    return np.clip(image.astype(int) + noise, 0, 255).astype(np.uint8)


def assert_on_the_bars(picture, kept):
    """Checks that the picture has the bars, each in its box, and nothing else."""
    assert kept == [0, 1, 2]
    inside = np.zeros(picture.image.shape, bool)
    for ymin, xmin, ymax, xmax in picture.boxes:
        assert picture.image[int(ymin + ymax) // 2, int(xmin + xmax) // 2] > 200
        inside[int(ymin) - 1 : int(ymax) + 2, int(xmin) - 1 : int(xmax) + 2] = True
    assert picture.image[~inside].max(initial=0) < 100
    assert picture.image.max() == 255
    centre = (picture.boxes[0, 1] + picture.boxes[2, 3]) / 2
    assert abs(centre - 256) <= 1.5
    assert (picture.strokes, picture.symbol_strokes) == ([], [])


def test_the_canvas_has_the_bars_at_the_rules_size():
    picture, kept = fit_photo(photo(), BARS, FRAME)
    assert_on_the_bars(picture, kept)
    # Parts of 32, 32 and 40 pixels: 40 is typical, and becomes 32 (blur adds a pixel at either end).
    lengths = picture.boxes[:, 2:] - picture.boxes[:, :2]
    np.testing.assert_allclose(lengths.max(axis=1), [25.6, 25.6, 32], atol=1.6)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (220, 20), (100, 140), (30, 60)])
def test_any_polarity_and_contrast(ink, paper):
    assert_on_the_bars(*fit_photo(photo(ink, paper), BARS, FRAME))


def test_uneven_light_and_noise():
    light = np.linspace(1, 0.4, 200) * np.linspace(0.7, 1, 120)[:, None]
    assert_on_the_bars(*fit_photo(noisy((photo() * light).astype(np.uint8), 6), BARS, FRAME))


def test_a_speck_far_away_does_not_count():
    image = np.pad(photo(), 60, constant_values=220)
    image[3, 3] = 0
    assert_on_the_bars(*fit_photo(image, BARS + 60, FRAME))


def test_a_large_photo_is_reduced():
    times = 30
    image = np.kron(photo(), np.ones((times, times), np.uint8))
    assert max(image.shape) > 2 * MAX_SIDE
    assert_on_the_bars(*fit_photo(image, BARS * times, FRAME))


def test_boxes_beyond_photo_and_ink():
    boxes = np.concatenate(
        [BARS, [[-50, -50, -10, -10], [115, 190, 900, 900], [-1e7, -1e7, 1e7, 1e7], [45, 33, 45, 33]]]
    )
    picture, kept = fit_photo(photo(), boxes, FRAME)
    assert kept == [0, 1, 2, 5, 6]  # a box outside the photo and a box on blank paper are left out
    whole, point = picture.boxes[3:]
    assert (picture.boxes[:3, :2] >= whole[:2]).all()
    assert (picture.boxes[:3, 2:] <= whole[2:]).all()
    assert (point[2:] - point[:2]).tolist() == [1, 1]
    assert (picture.boxes * UNITS == np.round(picture.boxes * UNITS)).all()
    assert fit_photo(photo(), boxes[3:5], FRAME)[1] == []


@pytest.mark.parametrize("times", [1, 30])  # the larger one is reduced
def test_boxes_find_their_way_back_to_the_photo(times):
    image = np.kron(photo(), np.ones((times, times), np.uint8))
    canvas, placement = place_photo(image, FRAME)
    picture, _ = fit_photo(image, BARS * times, FRAME)
    np.testing.assert_array_equal(canvas, picture.image)
    pixel = np.max(placement.extent / placement.size / placement.reduction)  # of the canvas, in pixels of the photo
    np.testing.assert_allclose(placement.to_photo(picture.boxes), BARS * times, atol=pixel / UNITS)
    np.testing.assert_allclose(placement.to_photo(placement.to_canvas(BARS)), BARS, atol=1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 3), (2, 4000)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_photos(shape, level):
    with pytest.raises(BlankPhotoError, match="blank: no ink in"):
        develop(np.full(shape, level, np.uint8))


def test_a_shade_is_no_ink():
    with pytest.raises(BlankPhotoError, match=r"blank: a contrast of \d+/255 in 200 x 120 pixels"):
        develop(photo(215, 220))


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (5, 5), (3, 3000), (200, 90)])
def test_any_picture_is_ink_or_blank(shape):
    image = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    with contextlib.suppress(BlankPhotoError):
        picture, _ = fit_photo(image, np.array([[0, 0, *shape]], np.float64), FRAME)
        assert picture.image.max() == 255


def test_the_same_photo_is_the_same_picture():
    one, other = (fit_photo(noisy(photo()), BARS, FRAME)[0] for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.boxes, other.boxes)
