import io

import numpy as np
import pytest
from PIL import Image

from pipeline.synthesis.formulas.expressions import Fraction, Row, Symbol
from pipeline.synthesis.formulas.grammar import ORDER, compose
from pipeline.synthesis.formulas.photo import MAX_SIDE, PEN, PRINT, encode_jpeg, photograph
from pipeline.synthesis.formulas.typeset import Outline, typeset

EXPRESSION = Fraction(Row((Symbol("x"), Symbol("+"), Symbol("1"))), Symbol("\\sin"))
OUTLINES = typeset(EXPRESSION, "cm")
SQUARE = Outline("-", (np.array([[0.0, 0.0], [64.0, 0.0], [64.0, 64.0], [0.0, 64.0]]),))


def take(seed, strength=0.5, outlines=OUTLINES):
    return photograph(outlines, np.random.default_rng(seed), strength)


def ink_box(picture):
    """left, top, right, bottom of what differs from the paper by more than half of the contrast."""
    grey = picture.pixels.mean(axis=2)
    paper = np.median(grey)
    far = np.abs(grey - paper)
    rows, columns = (np.flatnonzero((far > far.max() / 2).any(axis=axis)) for axis in (1, 0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@pytest.mark.parametrize("seed", range(12))
def test_the_box_is_where_the_ink_is(seed):
    picture = take(seed, 0.0, [SQUARE])
    x, y, width, height = picture.boxes[0]
    assert ink_box(picture) == pytest.approx([x, y, x + width, y + height], abs=0.75)


@pytest.mark.parametrize("seed", range(12))
def test_all_boxes_together_hold_all_ink_at_an_angle_too(seed):
    rng = np.random.default_rng(seed)
    picture = photograph(typeset(compose(ORDER, 1, 1, seed), "stix"), rng, 0.5)
    height, width, _ = picture.pixels.shape
    x, y, w, h = picture.boxes.T
    assert x.min() >= 0
    assert y.min() >= 0
    assert (x + w).max() <= width
    assert (y + h).max() <= height
    outside = np.ones((height, width), bool)
    for left, top, right, bottom in np.stack([x - 4, y - 4, x + w + 4, y + h + 4], axis=1).round().astype(int):
        outside[max(top, 0) : bottom, max(left, 0) : right] = False
    grey = picture.pixels.mean(axis=2)
    ink = grey[~outside]
    paper = grey[outside]
    assert abs(np.median(paper) - ink.min()) > 40 or abs(np.median(paper) - ink.max()) > 40


def test_labels_keep_their_order():
    picture = take(1)
    assert picture.labels == ("x", "+", "1", "-", "\\sin")
    x, y, _, _ = picture.boxes.T
    assert x[0] < x[1] < x[2]
    assert y[0] < y[3] < y[4]


def test_pictures_differ_in_size_light_and_polarity():
    pictures = [take(seed) for seed in range(60)]
    assert len({picture.pixels.shape for picture in pictures}) > 50
    means = [picture.pixels.mean() for picture in pictures]
    assert min(means) < 80
    assert max(means) > 180
    assert 2 <= sum(mean < 90 for mean in means) <= 20
    assert len({picture.quality for picture in pictures}) > 10


def test_a_careless_snapshot_is_more_distorted_than_a_scan():
    def aspects(strength):
        boxes = [take(seed, strength, [SQUARE]).boxes[0] for seed in range(30)]
        return np.std([width / height for _, _, width, height in boxes])

    assert aspects(0.0) < 0.01
    assert aspects(1.0) > 0.03


def test_a_very_long_formula_still_fits():
    long = Row(tuple(Symbol(digit) for digit in "1234567890" * 12))
    picture = take(3, 0.5, typeset(long, "stix"))
    assert max(picture.pixels.shape) <= 1.2 * MAX_SIDE


def test_it_is_saved_as_jpeg_of_its_size():
    picture = take(2)
    with Image.open(io.BytesIO(encode_jpeg(picture))) as image:
        assert image.format == "JPEG"
        assert image.size == picture.pixels.shape[1::-1]
        assert np.abs(np.asarray(image, int) - picture.pixels).mean() < 12


def test_the_same_generator_gives_the_same_bytes():
    assert encode_jpeg(take(5)) == encode_jpeg(take(5))
    assert encode_jpeg(take(5)) != encode_jpeg(take(6))


def test_strokes_of_a_pen_cover_each_other_and_contours_of_a_font_cut_out():
    inner = SQUARE.contours[0]
    outer = inner * 3 - 64
    solid, hollow = (take(4, 0.0, [Outline("-", (outer, inner), each)]).pixels.mean(axis=2) for each in (True, False))
    assert solid.shape == hollow.shape
    paper, middle = solid[0, 0], tuple(side // 2 for side in solid.shape)
    assert abs(hollow[middle] - paper) < 25 < 60 < abs(solid[middle] - paper)


def test_paper_for_pens_is_ruled_or_squared_now_and_then():
    def rows_differ(sheet):
        """How many of 60 pictures have dark rows without symbols."""
        found = 0
        for seed in range(60):
            picture = photograph([SQUARE], np.random.default_rng(seed), 0.0, sheet)
            x = picture.boxes[0, 0]
            left = picture.pixels.mean(axis=2)[:, : max(int(x) - 2, 1)].mean(axis=1)
            found += bool(np.ptp(left) > 8)
        return found

    assert rows_differ(PEN) > rows_differ(PRINT)
