import dataclasses

import numpy as np
import pytest

from pipeline.synthesis.hands.hand import Path
from pipeline.synthesis.hands.scanner import MAX_CANVAS, scan
from pipeline.synthesis.hands.writers import draw_writer

WRITER = dataclasses.replace(draw_writer(1, 1001), size=100.0, pen=4.0, ink=255, dry=0.0, grain=0.0, blur=1, edge=20)


def draw(points, width=1.0, down=True, **habits):
    count = len(points)
    path = Path(np.array(points, float), np.full(count - 1, down), np.full(count, width))
    return scan(path, dataclasses.replace(WRITER, **habits), np.random.default_rng(1))


def test_a_line_is_as_long_as_the_em_says_and_as_wide_as_the_pen():
    image = draw([(0, 0), (0.5, 0)])
    assert image.dtype == np.uint8
    assert image.shape[1] == pytest.approx(50 + 4, abs=1)
    assert image.shape[0] == pytest.approx(4, abs=1)


def test_the_crop_is_tight_and_paper_is_255():
    image = draw([(0, 0), (0.5, 0.5)])
    ink = image < 255
    assert ink[0].any()
    assert ink[-1].any()
    assert ink[:, 0].any()
    assert ink[:, -1].any()
    assert (image == 255).mean() > 0.5


def test_a_lifted_pen_leaves_nothing():
    path = Path(np.array([(0, 0), (0.3, 0), (0.3, 0.4), (0.6, 0.4)]), np.array([True, False, True]), np.ones(4))
    image = scan(path, WRITER, np.random.default_rng(1))
    assert (image[15:25] == 255).all()


def test_widths_change_along_the_line():
    path = Path(np.array([(0, 0), (0.3, 0), (0.6, 0)]), np.array([True, True]), np.array([1.0, 1.0, 0.5]))
    column = (scan(path, WRITER, np.random.default_rng(1)) < 255).sum(axis=0)
    assert column[10] > column[50]


def test_fainter_ink_is_lighter_and_grain_takes_some_of_it():
    assert draw([(0, 0), (0.5, 0)], ink=80, edge=10).min() > draw([(0, 0), (0.5, 0)]).min()
    assert len(np.unique(draw([(0, 0), (0.5, 0.1)], grain=0.6))) > len(np.unique(draw([(0, 0), (0.5, 0.1)])))


def test_a_path_that_wanders_far_is_shrunk_to_the_canvas():
    assert max(draw([(0, 0), (40, 3)]).shape) <= MAX_CANVAS


def test_the_faintest_writer_leaves_ink():
    assert (draw([(0, 0), (0.01, 0)], pen=1.0, ink=30, grain=0.9, dry=1.0, blur=5, edge=29) < 255).any()
