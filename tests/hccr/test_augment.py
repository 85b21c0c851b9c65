import numpy as np

from pipeline.hccr.augment import Distorter
from pipeline.params import Augment, load_params

STILL = Augment(rotate=0, shear=0, scale=0, shift=0, elastic=0, thickness=0, fade=0)


def _cross() -> np.ndarray:
    image = np.zeros((56, 56), np.uint8)
    image[26:30, 8:48] = image[8:48, 26:30] = 255
    return image


def _distorted(params: Augment, seed: int = 3, strength: float = 1.0) -> np.ndarray:
    return Distorter(params, np.random.default_rng(seed), strength)(_cross()[np.newaxis])[0]


def test_strength_zero_returns_the_images_themselves():
    np.testing.assert_array_equal(_distorted(load_params().train.augment, strength=0.0), _cross())


def test_all_parts_at_zero_change_nothing():
    np.testing.assert_array_equal(_distorted(STILL), _cross())


def test_same_seed_same_image_and_other_seed_other_image():
    params = load_params().train.augment
    np.testing.assert_array_equal(_distorted(params, seed=3), _distorted(params, seed=3))
    assert (_distorted(params, seed=3) != _distorted(params, seed=4)).any()


def test_shift_moves_the_centre_of_ink_by_at_most_the_stated_share():
    params = STILL.model_copy(update={"shift": 0.1})
    rows, columns = np.indices((56, 56))
    moves = []
    for seed in range(40):
        ink = _distorted(params, seed=seed).astype(float)
        moves += [abs((rows * ink).sum() / ink.sum() - 27.5), abs((columns * ink).sum() / ink.sum() - 27.5)]
    assert 3 < max(moves) <= 5.6 + 0.1


def test_thickness_makes_strokes_both_thinner_and_thicker():
    params = STILL.model_copy(update={"thickness": 1.0})
    ink = np.array([_distorted(params, seed=seed).sum() for seed in range(20)]) / _cross().sum()
    assert ink.min() < 0.9 < 1.1 < ink.max()
