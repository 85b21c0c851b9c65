"""Arithmetic in columns."""

from collections import Counter

import numpy as np
import pytest

from pipeline.synthesis.formulas.expressions import Column, labels, latex
from pipeline.synthesis.formulas.glyphs import choose
from pipeline.synthesis.formulas.grammar import ORDER, compose, formula_classes
from pipeline.synthesis.formulas.handwriting import draw_formula_writer, write_formula
from pipeline.synthesis.formulas.inked import outlines
from pipeline.synthesis.formulas.layout import Spacing, lay_out

SUM = Column((("4", "7"), ("1", "5")), "+", ("6", "2"), (None, "1"))
APPLY = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "\\times": lambda a, b: a * b}


def columns(share, classes=ORDER, count=400):
    nodes = [compose(classes, 1, 0, number, 0.5, share) for number in range(count)]
    return [node for node in nodes if isinstance(node, Column)]


def test_the_arithmetic_is_right():
    found = columns(1.0)
    assert len(found) == 400
    for node in found:
        first, *others = (int("".join(term)) for term in node.terms)
        for other in others:
            first = APPLY[node.operator](first, other)
        assert int("".join(node.result)) == first
        assert len(node.carries) in (0, len(node.terms[0]))
    signs = Counter(node.operator for node in found)
    assert signs["+"] > signs["-"] > signs["\\times"] > 20


def test_the_share_is_as_asked_for_and_the_others_stay_as_they_are():
    assert 30 < len(columns(0.1)) < 55
    plain = [compose(ORDER, 1, 0, number, 0.5) for number in range(100)]
    mixed = [compose(ORDER, 1, 0, number, 0.5, 0.1) for number in range(100)]
    assert all(isinstance(b, Column) or a == b for a, b in zip(plain, mixed, strict=True))


def test_classes_without_all_digits_have_no_columns():
    assert columns(1.0, [label for label in formula_classes(48) if label != "4"]) == []


def test_labels_and_latex():
    assert Counter(labels(SUM)) == Counter(["1", "4", "7", "1", "5", "+", "-", "6", "2"])
    assert latex(SUM) == r"\begin{array}{r} 4 7 \\ + 1 5 \\ \hline 6 2 \end{array}"


def test_digits_stand_under_each_other_between_operator_line_and_carry():
    placed = lay_out(SUM, lambda label: choose(label, lambda: 0.0), Spacing(pitch=8.0))
    carry, four, seven, one, five, plus, line, six, two = placed
    assert [item.label for item in placed] == ["1", "4", "7", "1", "5", "+", "-", "6", "2"]
    assert four.x == one.x == six.x == carry.x == seven.x - 8
    assert seven.x == five.x == two.x
    assert plus.x == one.x - 8
    assert carry.y > four.y == seven.y > one.y == five.y == plus.y > line.y > six.y == two.y
    assert line.x < plus.x
    assert line.x + line.glyph.width > seven.x + seven.glyph.width


@pytest.mark.parametrize("number", range(10))
def test_a_pen_covers_its_strokes_from_either_side(number):
    writer = draw_formula_writer(1, number, 0.5)
    ink = write_formula(SUM, writer, 1)
    shapes = outlines(ink, writer.tablet.unit, 1.0)
    assert [shape.label for shape in shapes] == [label for label, _ in ink.symbols]
    scale = 0.66 * 64 / 10
    for shape, (_, traces) in zip(shapes, ink.symbols, strict=True):
        points = np.concatenate([ink.traces[i] for i in traces]) / writer.tablet.unit * scale
        edge = np.concatenate(shape.contours)
        assert shape.solid
        np.testing.assert_allclose(edge.min(axis=0), points.min(axis=0) - scale / 2, atol=0.06 * scale)
        np.testing.assert_allclose(edge.max(axis=0), points.max(axis=0) + scale / 2, atol=0.06 * scale)
