"""Made pictures: the same ink is found in each of them."""

import cv2
import numpy as np
import pytest

from benchmarks.made_pictures import (
    KINDS,
    LOOKS,
    Drawing,
    Look,
    Result,
    cells,
    draw_page,
    overlap,
    read_formula,
    render,
)
from pipeline.formats.image import read_grey
from pipeline.recognize.reader import Formula, FormulaReading, FoundSymbol, normalise_picture

LINES = [[(10, 60), (280, 40)], [(145, 5), (150, 290)], [(60, 160), (20, 270)], [(220, 150), (285, 260)]]  # 木, loosely
TILTED = {name for name, look in LOOKS.items() if look.tilt}


def drawing(pen: float) -> Drawing:
    ink = np.zeros((300, 300), np.uint8)
    for start, end in LINES:
        cv2.line(ink, start, end, 255, round(16 * pen), cv2.LINE_AA)
    left, top, width, height = cv2.boundingRect(ink)
    return Drawing(ink[top : top + height, left : left + width], np.array([[0.0, 0.0, height, width]]), ("木",))


def seen(look: Look) -> np.ndarray:
    return normalise_picture(read_grey(render(drawing(look.pen), look, 3).data))


@pytest.mark.parametrize("name", LOOKS)
def test_the_network_sees_the_ink_as_on_pure_white(name):
    look = LOOKS[name]
    assert overlap(seen(look), seen(Look(pen=look.pen, margin=look.margin))) > (0.5 if name in TILTED else 0.85)


@pytest.mark.parametrize("name", KINDS)
def test_boxes_lie_on_the_ink(name):
    look = KINDS[name]
    photo = render(drawing(look.pen), look, 3)
    grey, ((top, left, bottom, right),) = read_grey(photo.data), photo.boxes.round().astype(int)
    part = grey[top:bottom, left:right].astype(int)
    paper = np.median(part[:, [0, -1]])
    middle = part[part.shape[0] // 4 : -part.shape[0] // 4, part.shape[1] // 2 - 2 : part.shape[1] // 2 + 6]
    assert np.abs(middle - paper).mean() > 40


def test_a_picture_depends_on_its_seed_alone():
    look = LOOKS["desk, shadow"]
    assert render(drawing(1), look, 3).data == render(drawing(1), look, 3).data
    assert render(drawing(1), look, 3).data != render(drawing(1), look, 4).data


def test_shares_of_the_table():
    one, half = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    one[:2], half[0] = 255, 255
    clean = [Result(one, np.array([True, True])), Result(one, np.array([True, False]))]
    found = [Result(half, np.array([True, False])), Result(None, np.array([False, True]))]
    assert cells(found, clean, True) == ["0.250", "50.0%", "33.3%"]
    assert cells(found, clean, False) == ["0.250", "", ""]


def test_a_page_has_its_formulas_one_below_the_other():
    one = drawing(1.0)
    page = draw_page([one, one._replace(labels=("x",))])
    assert page.labels == ("木", "x")
    for top, left, bottom, right in page.boxes.astype(int):
        np.testing.assert_array_equal(page.ink[top:bottom, left:right], one.ink)
    assert page.boxes[1, 0] > page.boxes[0, 2] == one.ink.shape[0]
    assert page.ink.shape == tuple(page.boxes[1, 2:].astype(int))
    assert page.ink.astype(int).sum() == 2 * one.ink.astype(int).sum()


class Reader:
    """Finds the same symbols in every picture."""

    def __init__(self, *symbols: FoundSymbol):
        self._symbols = list(symbols)

    def read(self, grey: np.ndarray) -> FormulaReading:
        return FormulaReading([Formula(self._symbols, ())])


@pytest.mark.parametrize(("name", "shift", "right"), [("x", 0, True), ("y", 0, False), ("x", 200, False)])
def test_a_symbol_counts_if_its_name_and_place_are_right(name, shift, right):
    one = drawing(1.0)
    formula = Drawing(one.ink, one.boxes, ("x",))
    photo = render(formula, Look(), 0)
    found = FoundSymbol(name, 0.9, tuple(photo.boxes[0] + shift))
    assert read_formula(read_grey(photo.data), photo, formula, Reader(found)).read.tolist() == [right]
