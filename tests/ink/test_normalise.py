"""Normalisation: its contract, and its numbers compared with an independent port of the docstring."""

import hashlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from pipeline.ink.normalise import BlankScanError, fitted_size, normalise

# SHA-256 of the picture of `stroke_scan()`. If the definition changes, it changes, and so must the web app.
STROKE_SHA256 = "a2ac9af2b3c724736b554ca2c8bafd9529c1a7b734b2d46a6e184af14dd3e277"


def stroke_scan():
    """A bent stroke of varying grey on 90 x 70 paper, drawn in integers."""
    scan = np.full((70, 90), 255, np.uint8)
    for x in range(10, 80):
        y = 15 + x * x // 160
        scan[y : y + 6, x] = 20 + (x * 7) % 90
    return scan


def port(scan):
    """`normalise` in plain Python, written from its docstring."""
    value = 255 - scan.astype(int)
    value = stretch(value)
    rows, columns = np.flatnonzero(value.any(1)), np.flatnonzero(value.any(0))
    value = value[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = value.shape
    longer = max(w, h)
    new_h, new_w = (max((48 * side + longer // 2) // longer, 1) for side in (h, w))
    value = resize_rows(resize_rows(value.T, new_w).T, new_h)
    result = np.zeros((56, 56), np.uint8)
    top, left = (56 - new_h) // 2, (56 - new_w) // 2
    result[top : top + new_h, left : left + new_w] = stretch(value)
    return result


def stretch(value):
    peak = value.max()
    return np.minimum((510 * value + peak) // (2 * peak), 255)


def resize_rows(value, m):
    n = len(value)
    if n == m:
        return value
    scale = n / m
    support = max(scale, 1)
    result = np.zeros((m, value.shape[1]), int)
    for x in range(m):
        centre = (x + 0.5) * scale
        first, last = max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), n)
        weight = [max(1 - abs((i - centre + 0.5) / support), 0) for i in range(first, last)]
        fixed = [int(one / sum(weight) * 2**22 + 0.5) for one in weight]
        total = sum(factor * value[first + i] for i, factor in enumerate(fixed))
        result[x] = np.clip((2**21 + total) >> 22, 0, 255)
    return result


def test_ink_is_bright_on_black_with_a_margin():
    image = normalise(stroke_scan())
    assert (image.shape, image.dtype, image.max()) == ((56, 56), np.uint8, 255)
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert (columns[0], columns[-1]) == (4, 51)  # the longer side fills the space between the margins
    assert rows[0] >= 4
    assert rows[-1] <= 51


def test_the_picture_is_the_same_everywhere():
    assert hashlib.sha256(normalise(stroke_scan()).tobytes()).hexdigest() == STROKE_SHA256


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90)), elements=st.integers(0, 255)))
def test_the_docstring_can_be_ported(scan):
    if (scan == 255).all():
        scan[0, 0] = 254
    np.testing.assert_array_equal(normalise(scan), port(scan))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 9))
@example(202, 2, 0)  # `Image.resize` reduces it vertically first
@example(200, 2, 0)
@example(302, 3, 0)
@example(2, 202, 0)
@example(48, 48, 0)
def test_the_resampling_is_that_of_pillow(height, width, seed):
    scan = np.random.default_rng(seed).integers(0, 255, (height, width), np.uint8)  # ink everywhere
    scan[0, 0] = 0
    image = Image.fromarray(255 - scan).resize(fitted_size(width, height), Image.Resampling.BILINEAR)
    left, top = (56 - image.width) // 2, (56 - image.height) // 2
    expected = np.pad(
        stretch(np.asarray(image).astype(int)),
        ((top, 56 - top - image.height), (left, 56 - left - image.width)),
    )
    np.testing.assert_array_equal(normalise(scan), expected)


def test_paper_around_the_ink_makes_no_difference():
    scan = stroke_scan()
    np.testing.assert_array_equal(normalise(scan), normalise(np.pad(scan, ((3, 40), (25, 0)), constant_values=255)))


def test_faint_ink_is_ink():
    faint = np.where(stroke_scan() < 255, 254, 255).astype(np.uint8)
    dark = np.where(stroke_scan() < 255, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(normalise(faint), normalise(dark))


@pytest.mark.parametrize(("shape", "box"), [((10, 100), (48, 5)), ((100, 10), (5, 48)), ((1, 1), (48, 48))])
def test_the_aspect_is_kept(shape, box):
    image = normalise(np.zeros(shape, np.uint8))
    assert (np.count_nonzero(image.any(0)), np.count_nonzero(image.any(1))) == box


def test_a_hair_line_keeps_one_pixel():
    assert np.count_nonzero(normalise(np.zeros((1, 500), np.uint8)).any(1)) == 1


def test_a_view_of_a_read_only_buffer_is_a_scan_too():
    scan = stroke_scan()
    view = np.frombuffer(scan.tobytes(), np.uint8).reshape(scan.shape)
    np.testing.assert_array_equal(normalise(view), normalise(scan))
    np.testing.assert_array_equal(normalise(np.asfortranarray(scan)), normalise(scan))


def test_a_scan_without_ink_is_told_of():
    with pytest.raises(BlankScanError, match="blank: no ink in 7 x 5 pixels"):
        normalise(np.full((5, 7), 255, np.uint8))
