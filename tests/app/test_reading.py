"""Turning boxes into a line of symbols: their reading order and their display."""

import numpy as np
import pytest

from pipeline.edge.order import reading_order
from pipeline.formats.symbols import CROHME_SYMBOLS
from tests.app.node import as_sides
from tests.edge.test_order import FORMULAS


def order(ports, boxes: np.ndarray) -> list[int]:
    """Indices of boxes (ymin, xmin, ymax, xmax) in the page's order."""
    named = [sides | {"index": index} for index, sides in enumerate(as_sides(boxes))]
    return [box["index"] for box in ports.call("readingOrder", named)]


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS.keys())
def test_formulas_are_read_in_the_order_of_the_pipeline(ports, formula):
    names = sorted(formula)  # in another order
    boxes = np.array([formula[name] for name in names], np.float64).reshape(-1, 4)
    assert [names[index] for index in order(ports, boxes)] == list(formula)


@pytest.mark.parametrize("seed", range(20))
def test_any_boxes_are_read_in_the_order_of_the_pipeline(ports, seed):
    """Some boxes share some or all of their sides."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 60, (30, 2))
    boxes = np.concatenate([corners, corners + rng.integers(0, 20, (30, 2))], axis=1).astype(float)
    boxes[20:] = boxes[:10]
    assert order(ports, boxes) == reading_order(boxes)


def test_every_symbol_has_a_sign_of_its_own(ports):
    signs = [ports.call("sign", symbol) for symbol in CROHME_SYMBOLS]
    assert len(set(signs)) == len(CROHME_SYMBOLS)
    assert not [sign for sign in signs if "\\" in sign or not sign]
    assert [ports.call("sign", symbol) for symbol in (r"\sin", r"\{", r"\alpha", "x")] == ["sin", "{", "α", "x"]
