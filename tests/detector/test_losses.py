"""Losses and the sampling of regions, against worked examples."""

import numpy as np
import pytest
from keras import ops

from pipeline.detector import losses


def as_array(tensor):
    return np.array(ops.convert_to_numpy(tensor))


def test_crossentropy_is_minus_the_log_probability():
    logits = np.log(np.array([[0.5, 0.25, 0.25]], np.float32))
    assert as_array(losses.crossentropy(logits, np.array([1], np.int32)))[0] == pytest.approx(np.log(4), rel=1e-5)


@pytest.mark.parametrize(
    ("logit", "target", "expected"), [(0, 1, np.log(2)), (100, 1, 0), (-100, 1, 100), (100, 0, 100)]
)
def test_binary_crossentropy_holds_at_the_extremes(logit, target, expected):
    assert float(losses.binary_crossentropy(np.float32(logit), np.float32(target))) == pytest.approx(expected, abs=1e-5)


def test_smooth_l1_is_square_within_beta_and_straight_beyond():
    error = np.array([[0.5, 0, 0, 0], [3, 0, 0, 0]], np.float32)
    assert as_array(losses.smooth_l1(error, np.zeros_like(error), 1.0)).tolist() == [0.125, 2.5]


def test_the_mean_of_nothing_is_nothing():
    assert float(losses.weighted_mean(np.ones(3, np.float32), np.zeros(3, np.float32))) == 0


BOXES = np.array([[[0, 0, 10, 10], [20, 20, 30, 30], [0, 0, 0, 0]]], np.float32)  # the last is padding
REGIONS = np.array(
    [[[0, 0, 10, 9], [0, 5, 10, 15], [21, 20, 31, 30], [40, 40, 50, 50], [0, 0, 0, 0], [60, 0, 70, 10]]], np.float32
)
DRAWS = np.array([[0.1, 0.2, 0.9, 0.8, 0.99, 0.3]], np.float32)


def sampled(foreground, background):
    regions, owner, is_symbol, counts = map(
        as_array, losses.sample_regions(REGIONS, BOXES, DRAWS, foreground, background)
    )
    return regions[0].tolist(), owner[0].tolist(), is_symbol[0].tolist(), counts[0].tolist()


def test_the_highest_draws_of_each_kind_are_taken():
    regions, owner, is_symbol, counts = sampled(1, 2)
    assert regions == [REGIONS[0, 2].tolist(), REGIONS[0, 3].tolist(), REGIONS[0, 5].tolist()]
    assert owner[0] == 1
    assert is_symbol == [1, 0, 0]
    assert counts == [1, 1, 1]


def test_spare_places_count_for_nothing():
    _, owner, is_symbol, counts = sampled(4, 2)
    assert is_symbol == [1, 1, 0, 0, 0, 0]
    assert counts == [1, 1, 0, 0, 1, 1]
    assert owner[:2] == [1, 0]


def test_a_region_without_area_is_never_drawn():
    regions, _, _, counts = sampled(1, 5)
    drawn = [region for region, count in zip(regions, counts, strict=True) if count]
    assert [0, 0, 0, 0] not in drawn
    assert len(drawn) == 1 + 3
