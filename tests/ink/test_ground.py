"""Polarity and brightness of the ground, for any pen, light and margins."""

import cv2
import numpy as np
import pytest

from pipeline.ink.ground import ground_level, ink_is_dark, shrink


def cross(shape=(200, 240), pen=8, paper=220, ink=40, margin=20):
    """A cross and a dot."""
    picture = np.full(shape, paper, np.uint8)
    height, width = shape
    cv2.line(picture, (margin, height // 2), (width - margin, height // 2 - 5), ink, pen)
    cv2.line(picture, (width // 2, margin), (width // 2 + 4, height - margin), ink, pen)
    cv2.circle(picture, (width // 4, height // 4), pen // 2, ink, -1)
    return picture


def bar(height, width, pen, paper=255, ink=0):
    """A scanned 一, cropped to the ink: it rises to the right."""
    picture = np.full((4 * height, width + 2 * pen), paper, np.uint8)
    cv2.line(picture, (pen, 2 * height), (width, 2 * height - height // 3), ink, pen)
    rows, columns = np.nonzero(picture == ink)
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def noisy(picture, spread=4):
    noise = np.random.default_rng(1).normal(0, spread, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("pen", [2, 8, 24, 60])
@pytest.mark.parametrize("margin", [0, 20, 80])
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (220, 40), (120, 60)])
def test_ink_is_dark_on_paper_and_light_on_a_board(pen, margin, paper, ink):
    assert ink_is_dark(noisy(cross(pen=pen, margin=margin, paper=paper, ink=ink)))
    assert not ink_is_dark(noisy(cross(pen=pen, margin=margin, paper=ink, ink=paper)))


@pytest.mark.parametrize("pen", [12, 30, 60])
def test_a_thick_bar_that_fills_its_picture_is_dark(pen):
    picture = bar(40, 300, pen)
    assert (picture == 0).mean() > 0.4
    assert ink_is_dark(picture)
    assert not ink_is_dark(255 - picture)


def test_a_slope_of_the_light_does_not_turn_the_polarity():
    slope = np.linspace(1, 0.4, 240) * np.linspace(1, 0.7, 200)[:, None]
    assert ink_is_dark((cross() * slope).astype(np.uint8))
    assert not ink_is_dark((cross(paper=60, ink=230) * slope).astype(np.uint8))


@pytest.mark.parametrize("pen", [4, 16, 40, 50])
def test_a_pen_of_any_width_leaves_no_mark_on_the_ground(pen):
    assert (ground_level(cross(pen=pen)) == 220).mean() > 0.98
    assert np.abs(ground_level(noisy(cross(pen=pen))).astype(int) - 220).max() < 12


def test_the_ground_follows_the_light():
    slope = np.linspace(240, 120, 300)
    picture = np.minimum(np.tile(slope, (200, 1)), cross((200, 300), pen=6).astype(float) + 20)
    picture[cross((200, 300), pen=6) < 220] = 30
    difference = ground_level(picture.astype(np.uint8)) - slope
    assert np.abs(difference[:, 20:-20]).max() < 8


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 900), (900, 1), (3, 3), (5, 2000)])
@pytest.mark.parametrize("level", [0, 100, 255])
def test_a_picture_of_one_level_is_its_own_ground(shape, level):
    picture = np.full(shape, level, np.uint8)
    assert ink_is_dark(picture)
    np.testing.assert_array_equal(ground_level(picture), picture)


def test_a_reduced_picture_has_the_means_of_areas():
    picture = np.arange(32, dtype=np.uint8).reshape(4, 8)
    assert shrink(picture, 4).tolist() == [[5, 7, 9, 11], [21, 23, 25, 27]]  # 4.5, 6.5 ... are rounded up
    assert shrink(picture, 8) is picture
    assert shrink(np.zeros((3000, 1), np.uint8), 512).shape == (512, 1)
