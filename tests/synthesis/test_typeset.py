import numpy as np
import pytest

from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.synthesis.formulas import typeset as module
from pipeline.synthesis.formulas.expressions import Fence, Fraction, Grid, Root, Row, Script, Symbol, labels
from pipeline.synthesis.formulas.grammar import ORDER, compose
from pipeline.synthesis.formulas.typeset import FACES, SIZE, typeset

OVERSHOOT = 0.02 * SIZE  # round letters reach a little below the baseline
A, B, X = Symbol("a"), Symbol("b"), Symbol("x")


def boxes(node, face="stix"):
    """Label to left, top, right, bottom; y down."""
    found = {}
    for symbol in typeset(node, face):
        points = np.concatenate(symbol.contours)
        found[symbol.label] = [*points.min(axis=0), *points.max(axis=0)]
    return found


@pytest.mark.parametrize("face", FACES)
def test_every_symbol_has_an_outline(face):
    for label in CROHME_SYMBOLS:
        node = Root(X) if label == "\\sqrt" else Symbol(label)
        first = next(symbol for symbol in typeset(node, face) if symbol.label == label)
        assert all(len(contour) > 2 for contour in first.contours)
        assert 0 < max(np.ptp(np.concatenate(first.contours), axis=0)) < 4 * SIZE


@pytest.mark.parametrize("face", FACES)
def test_the_symbols_are_those_of_the_expression(face):
    for number in range(25):
        expression = compose(ORDER, 3, 1, number)
        assert sorted(symbol.label for symbol in typeset(expression, face)) == sorted(labels(expression))


@pytest.mark.parametrize("face", FACES)
def test_each_label_lies_on_its_own_glyph(face):
    found = boxes(Fraction(Row((A, Symbol("+"), B)), Script(X, Symbol("2"), Symbol("n"))), face)
    assert found["a"][2] < found["+"][0] < found["+"][2] < found["b"][0]
    assert found["b"][3] < found["-"][1] < found["-"][3] < found["x"][1]
    assert found["n"][3] < found["2"][1]
    assert found["x"][2] <= found["2"][0] + 3


@pytest.mark.parametrize("face", FACES)
def test_limits_lie_below_and_above(face):
    for operator in ("\\sum", "\\lim"):
        found = boxes(Script(Symbol(operator), A, B if operator == "\\sum" else None), face)
        assert found["a"][1] >= found[operator][3]
    found = boxes(Script(Symbol("\\sum"), A, B), face)
    assert found["b"][3] <= found["\\sum"][1]


@pytest.mark.parametrize("face", FACES)
def test_a_root_is_sign_and_bar_and_encloses_its_radicand(face):
    found = boxes(Row((Symbol("1"), Root(Row((A, B)), Symbol("3")))), face)
    left, top, right, bottom = found["\\sqrt"]
    for label in "ab":
        assert left < found[label][0]
        assert top < found[label][1]
        assert right > found[label][2]
        assert bottom > found[label][3] - OVERSHOOT
    assert found["3"][2] < found["a"][0]
    assert found["3"][3] < bottom


def test_a_word_is_one_symbol():
    (word,) = typeset(Symbol("\\sin"), "dejavusans")
    assert word.label == "\\sin"
    assert len(word.contours) == 4  # s, i and its dot, n


def test_brackets_fit_what_is_high_and_a_matrix_keeps_its_columns():
    found = boxes(Fence("[", Grid(((A, B), (X, Symbol("2")))), "]"))
    assert found["["][1] < found["a"][1]
    assert found["]"][3] > found["x"][3] - OVERSHOOT
    assert found["a"][2] < found["b"][0]
    assert found["a"][3] < found["x"][1]
    assert found["b"][3] < found["2"][1]


def test_another_mathtext_is_an_error_and_no_wrong_box(monkeypatch):
    monkeypatch.setattr(module, "_codes", lambda label, face: frozenset())
    with pytest.raises(RuntimeError, match="expected a, found glyph"):
        typeset(A, "stix")
