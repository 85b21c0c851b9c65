"""Symbols in the order in which one reads them."""

import numpy as np
import pytest

from pipeline.edge.order import reading_order

# name: ymin, xmin, ymax, xmax, in reading order
FORMULAS = {
    "a line": {"a": (10, 0, 30, 15), "+": (12, 20, 28, 36), "b": (5, 40, 30, 52)},
    "a script that leans over its base": {"x": (20, 0, 40, 20), "2": (8, 17, 22, 27), "y": (20, 30, 40, 50)},
    "a subscript below an overhang": {"P": (0, 0, 30, 22), "i": (24, 18, 40, 26)},
    "a fraction": {
        "=": (28, 0, 32, 20),
        "a": (0, 40, 20, 55),
        "b": (0, 60, 20, 75),
        "bar": (29, 35, 31, 80),
        "c": (40, 50, 60, 65),
        "+": (22, 90, 38, 106),
    },
    "a fraction in a fraction": {
        "1": (0, 20, 15, 25),
        "upper bar": (18, 10, 20, 40),
        "2": (22, 20, 37, 30),
        "bar": (42, 0, 44, 60),
        "x": (50, 10, 65, 25),
        "y": (50, 30, 65, 45),
    },
    "a root": {"root": (0, 0, 40, 80), "a": (10, 15, 35, 30), "+": (15, 35, 30, 50), "b": (8, 55, 35, 70)},
    "a root over a fraction": {
        "root": (0, 0, 60, 80),
        "a": (5, 30, 22, 45),
        "bar": (28, 20, 30, 70),
        "b": (36, 40, 55, 50),
        "=": (26, 90, 34, 105),
    },
    "a sum with limits": {"n": (0, 8, 8, 18), "sum": (12, 2, 40, 24), "i": (44, 8, 56, 14), "k": (15, 30, 38, 42)},
    "one": {"x": (0, 0, 5, 5)},
    "none": {},
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS.keys())
def test_formulas(formula):
    names = sorted(formula)  # in another order
    boxes = np.array([formula[name] for name in names], np.float64).reshape(-1, 4)
    assert [names[index] for index in reading_order(boxes)] == list(formula)


@pytest.mark.parametrize("seed", range(5))
def test_every_symbol_once_whatever_the_order(seed):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 300, (100, 2))
    boxes = np.concatenate([corners, corners + rng.integers(0, 200, (100, 2))], axis=1).astype(float)
    shuffled = rng.permutation(100)
    order = reading_order(boxes)
    assert sorted(order) == list(range(100))
    np.testing.assert_array_equal(boxes[shuffled][reading_order(boxes[shuffled])], boxes[order])


def test_names_of_one_place_stay_together():
    place = (10, 40, 30, 60)
    boxes = np.array([place, (10, 80, 30, 95), place, (10, 0, 30, 20)], np.float64)
    assert reading_order(boxes) == [3, 0, 2, 1]
