"""Whole formulas are scored as CROHME does."""

import pytest

from pipeline.scoring.expressions import Expressions, compare, relations_right, sum_expressions
from pipeline.structure.tree import Node

X2 = (Node(0, "x", sup=(Node(1, "2"),)), Node(2, "+"), Node(3, "y"))


@pytest.mark.parametrize(
    ("found", "read"),
    [
        (X2, (1, 1, 1)),
        ((Node(0, "X", sup=(Node(1, "2"),)), Node(2, "+"), Node(3, "y")), (0, 1, 1)),
        ((Node(0, "X", sup=(Node(1, "z"),)), Node(2, "+"), Node(3, "y")), (0, 0, 1)),
        ((Node(0, "X", sup=(Node(1, "z"),)), Node(2, "t"), Node(3, "y")), (0, 0, 0)),
    ],
)
def test_wrong_labels_are_counted_if_the_structure_is_right(found, read):
    assert compare(X2, found) == Expressions(1, 1, read)


@pytest.mark.parametrize(
    "found",
    [
        (),
        X2[:2],
        (Node(0, "x", sub=(Node(1, "2"),)), Node(2, "+"), Node(3, "y")),
        (Node(0, "x"), Node(1, "2"), Node(2, "+"), Node(3, "y")),
        (Node(0, "x", sup=(Node(1, "2"), Node(2, "+"), Node(3, "y"))),),
    ],
)
def test_another_structure_is_no_formula_read(found):
    assert compare(X2, found) == Expressions(1, 0, (0, 0, 0))


def test_the_numbers_of_the_symbols_do_not_matter():
    assert compare(X2, (Node(7, "x", sup=(Node(3, "2"),)), Node(0, "+"), Node(5, "y"))).read == (1, 1, 1)


def test_scripts_of_a_sum_are_its_limits():
    below, beside = Node(0, r"\sum", below=(Node(1, "i"),)), Node(0, r"\sum", sub=(Node(1, "i"),))
    assert compare((below,), (beside,)).read == (1, 1, 1)
    assert relations_right((below,), (beside,)) == (2, 2)
    assert compare((Node(0, "a", below=(Node(1, "i"),)),), (Node(0, "a", sub=(Node(1, "i"),)),)).structure == 0


def test_relations_are_counted_symbol_by_symbol():
    flat = (Node(0, "x"), Node(1, "2"), Node(2, "+"), Node(3, "y"))
    assert relations_right(X2, flat) == (2, 4)  # x and y: the 2 is no superscript, and + follows it


def test_counts_add_up_to_shares():
    counts = sum_expressions([Expressions(1, 1, (1, 1, 1)), Expressions(1, 1, (0, 0, 1)), Expressions(2)])
    assert (counts.share(0), counts.share(1), counts.share(2), counts.structure_rate) == (0.25, 0.25, 0.5, 0.5)
    assert Expressions().share(0) == Expressions().structure_rate == 0.0
