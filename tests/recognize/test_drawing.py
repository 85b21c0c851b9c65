"""The drawing shows each reading at its place; tests check its pixels."""

import cv2
import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.recognize.drawing import (
    CHARACTER,
    FORMULA,
    GAP,
    LABEL,
    LIMIT,
    TYPESET,
    Shown,
    check,
    code_points,
    draw,
    show,
    typeset,
)
from pipeline.recognize.reader import Candidate, CharacterReading, Formula, FormulaReading, FoundSymbol
from pipeline.report.formula_sheet import RIGHT
from pipeline.structure.parsing import parse
from tests.structure.formulas import FORMULAS

GREEN = [int(RIGHT[i : i + 2], 16) for i in (1, 3, 5)]


def drawn(tmp_path, *shown: Shown) -> np.ndarray:
    draw(shown, tmp_path / "out.png")
    return cv2.imread(str(tmp_path / "out.png"))[:, :, ::-1].astype(int)


def green(page: np.ndarray) -> np.ndarray:
    return np.abs(page - GREEN).max(axis=2) < 40


def formula(*symbols: FoundSymbol, shape=(100, 300), level=200) -> Shown:
    return show(np.full(shape, level, np.uint8), FormulaReading([read(*symbols)]))


def read(*symbols: FoundSymbol) -> Formula:
    boxes = np.array([symbol.box for symbol in symbols], np.float64).reshape(-1, 4)
    return Formula(list(symbols), parse([symbol.text for symbol in symbols], boxes))


def test_a_symbol_has_its_box_and_its_name(tmp_path):
    page = drawn(tmp_path, formula(FoundSymbol(r"\alpha", 0.9, (40, 50, 60, 90))))
    assert page.shape == (LABEL + 300 + TYPESET + 2 * GAP, 900 + 2 * GAP, 3)  # three times as large
    assert (page[-TYPESET:].max(axis=2) < 80).sum() > 20  # the formula, black
    marks = green(page)
    top, left = LABEL + GAP + 3 * 40, GAP + 3 * 50
    sides = [marks[top, left : left + 120], marks[top + 60, left : left + 120]]
    sides += [marks[top : top + 60, left], marks[top : top + 60, left + 120]]
    assert min(side.mean() for side in sides) > 0.9
    assert not marks[top + 10 : top + 50, left + 10 : left + 110].any()
    assert marks[top - 20 : top - 3, left : left + 80].sum() > 40  # the name
    marks[top - 25 : top + 63, left - 3 : left + 124] = False
    assert not marks.any()


def test_formulas_are_typeset_one_below_the_other(tmp_path):
    rows = [read(FoundSymbol(name, 0.9, (top, 50, top + 30, 70))) for name, top in (("x", 10), ("y", 60))]
    page = drawn(tmp_path, show(np.full((100, 300), 200, np.uint8), FormulaReading(rows)))
    assert page.shape == (LABEL + 300 + 2 * TYPESET + 2 * GAP, 900 + 2 * GAP, 3)
    end = LABEL + GAP + 300
    for top in (end, end + TYPESET):
        assert (page[top : top + TYPESET].max(axis=2) < 80).sum() > 20  # black


def test_the_picture_is_there_paler(tmp_path):
    page = drawn(tmp_path, formula(level=55))
    paler = 255 - (255 - 55) * 0.35
    inner = page[LABEL + GAP + 2 : -GAP - TYPESET - 2, GAP + 2 : -GAP - 2]
    np.testing.assert_allclose(inner, paler, atol=1)
    assert (page[:GAP] == 255).all()


@pytest.mark.parametrize(
    ("shape", "drawn_shape"),
    [
        ((3000, 4000), (600, 800)),
        ((2, 9000), (1, 1000)),
        ((9000, 1), (600, 1)),
        ((1, 1), (3, 3)),
        ((100, 500), (200, 1000)),
    ],
)
def test_any_picture_fits_the_page(tmp_path, shape, drawn_shape):
    shown = formula(FoundSymbol("x", 1, (0, 0, *shape)), shape=shape)
    assert shown.picture.shape == drawn_shape
    assert drawn_shape[0] <= FORMULA[1]
    assert drawn_shape[1] <= FORMULA[0]
    expected = (LABEL + drawn_shape[0] + TYPESET + 2 * GAP, drawn_shape[1] + 2 * GAP)
    assert drawn(tmp_path, shown).shape[:2] == expected


@pytest.mark.parametrize("written", FORMULAS)
def test_formulas_are_typeset(written):
    assert typeset(written) == f"${written}$"


def test_what_cannot_be_typeset_is_text():
    assert typeset(r"\nothing{") == r"\nothing{"
    assert typeset("") == ""
    assert typeset(r"a\lt b") == "$a<  b$"


def character(confidence=0.9, shape=(40, 20)) -> Shown:
    seen = np.zeros((56, 56), np.uint8)
    seen[:28] = 255
    return show(
        np.full(shape, 77, np.uint8),
        CharacterReading([Candidate("永", confidence), Candidate("水", 0.05)], seen, True, 2),
    )


def test_a_character_stands_beside_what_the_network_saw(tmp_path):
    page = drawn(tmp_path, character())
    picture = page[GAP : GAP + 120, GAP : GAP + 60]
    assert (picture[2:-2, 2:-2] == 77).all()
    left = 2 * GAP + CHARACTER[0]
    seen = page[GAP : GAP + 168, left : left + 168]
    assert (seen[2:80] == 0).all()  # ink is dark on the page
    assert (seen[90:-2] == 255).all()
    text = page[:, left + 168 + GAP :]
    assert green(text)[: GAP + 18].sum() > 40  # the most likely
    assert (text[GAP + 18 : GAP + 36].max(axis=2) < 80).sum() > 40  # the next, black
    assert (text[GAP + 54 :] == 255).all()


def test_one_below_the_other(tmp_path):
    one = drawn(tmp_path, character())
    several = drawn(tmp_path, formula(), character(), character())
    assert several.shape[0] == GAP + (LABEL + 300 + TYPESET + GAP) + 2 * (168 + GAP)
    np.testing.assert_array_equal(several[-168 - GAP :, : one.shape[1]], one[-168 - GAP :])


def test_the_same_bytes(tmp_path):
    for name in ("one.png", "other.PNG"):
        draw([character(), formula(FoundSymbol("x", 1, (0, 0, 10, 10)))], tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.PNG").read_bytes()


def test_a_label_that_no_font_has_is_no_warning(tmp_path):
    assert green(drawn(tmp_path, formula(FoundSymbol("𠀀\U0010ffff$x^", 1, (20, 20, 60, 60))))).any()


def test_code_points():
    assert code_points("永") == "U+6C38"
    assert code_points("𠀀x") == "U+20000 U+0078"


@pytest.mark.parametrize(
    ("name", "count", "message"),
    [
        ("out.jpg", 1, r"out\.jpg: expected a drawing with the extension \.png, found \.jpg"),
        ("out", 1, "found none"),
        ("out.png", LIMIT + 1, r"out\.png: expected at most 50 pictures to draw, found 51; name fewer"),
        ("0.png", 1, r"0\.png: expected a separate file for the drawing, found one of the pictures; name another"),
    ],
)
def test_what_is_no_drawing(tmp_path, name, count, message):
    (tmp_path / "0.png").touch()
    pictures = [str(tmp_path / f"{index}.png") for index in range(count)]
    check(tmp_path / "out.PNG", pictures[:LIMIT])
    with pytest.raises(InkError, match=message):
        check(tmp_path / name, pictures)


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InkError, match=r"file/out\.png: expected a place to write the drawing, found "):
        draw([character()], tmp_path / "file/out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
