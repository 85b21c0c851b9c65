import numpy as np
import pytest

from pipeline.scoring.calibration import auroc, ece, fit_temperature, keep, prior, roc, softmax_confidence

CLASSES = 6


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_the_answers_is_found(temperature):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (20_000, CLASSES))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) > rng.random((len(logits), 1))).argmax(axis=1)
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_without_a_mistake_the_confidence_follows_the_rule_of_succession():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, CLASSES, 98)
    logits = rng.normal(0, 1, (98, CLASSES))
    logits[np.arange(98), labels] += 12
    temperature = fit_temperature(logits, labels)
    assert softmax_confidence(logits, temperature).mean() == pytest.approx(0.99, abs=1e-4)


def test_the_prior_takes_the_logarithm_off_what_is_rarer():
    np.testing.assert_allclose(prior(["一", "亍", "a"], "一丁", 4), [0, -np.log(4), -np.log(4)])
    np.testing.assert_array_equal(prior(["一", "亍"], "一丁", 1), [0, 0])


def test_confidence_is_the_largest_share_of_the_softmax():
    logits = np.log([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]])
    np.testing.assert_allclose(softmax_confidence(logits, 1), [0.7, 0.5])
    np.testing.assert_allclose(softmax_confidence(logits, 1e6), [1 / 3, 1 / 3], atol=1e-5)


def test_the_calibration_error_is_the_mean_distance_over_bins():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False, True, False])
    assert ece(confidence, right) == pytest.approx((4 * 0.2 + 2 * 0.05) / 6)
    assert ece(np.ones(3), np.ones(3, bool)) == 0


def test_the_threshold_keeps_the_share_that_was_asked_for():
    confidence = np.array([0.1, 0.4, 0.2, 0.3])
    assert keep(confidence, 0.75) == 0.2
    assert keep(confidence, 0.5) == 0.3
    assert keep(confidence, 0.51) == 0.2


def test_auroc_is_the_chance_of_the_right_order():
    assert auroc(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1
    assert auroc(np.array([0.9, 0.1]), np.array([0.5])) == 0.5
    assert auroc(np.array([0.5, 0.5]), np.array([0.5])) == 0.5


def test_the_curve_runs_from_all_to_almost_none():
    curve = roc(np.array([0.5, 0.9]), np.array([0.1, 0.5]), points=3)
    assert curve == [
        {"threshold": 0.1, "strangers_taken": 1.0, "known_kept": 1.0},
        {"threshold": 0.5, "strangers_taken": 0.5, "known_kept": 1.0},
        {"threshold": 0.9, "strangers_taken": 0.0, "known_kept": 0.5},
    ]
