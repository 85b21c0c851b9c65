from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InkError
from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.synthesis.formulas.expressions import BAR, Fence, Fraction, Grid, Root, Script, children, labels, latex
from pipeline.synthesis.formulas.grammar import ATOMS, ORDER, USUAL, compose, formula_classes

# Pairs of which only the context tells which one it is: at most one of each is among the default classes.
LOOK_ALIKES = [
    "x \\times X",
    "0 o",
    "1 | l I /",
    "2 z",
    "c C (",
    "s S 5",
    "p P",
    "v V u",
    ", \\prime",
    "9 q g",
    "6 b",
    "t +",
]


def nodes(node):
    yield node
    for child in children(node):
        yield from nodes(child)


def test_the_order_holds_every_symbol_once():
    assert len(ORDER) == 101
    assert sorted(ORDER) == sorted(CROHME_SYMBOLS)


@pytest.mark.parametrize("group", LOOK_ALIKES)
def test_the_default_classes_hold_one_of_a_group_that_looks_alike(group):
    assert len(set(ORDER[:48]) & set(group.split())) <= 1


def test_classes_are_the_first_of_the_order_or_those_named():
    assert formula_classes(4) == ("x", "1", "2", "+")
    assert formula_classes(["y", "COMMA", "\\le"]) == ("y", ",", "\\leq")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["x", "\\foo"], r"expected labels of CROHME, found \\foo"),
        (["x", "y", "x"], "each label once, found x more than once"),
        (["<", "x", "\\lt"], r"each label once, found \\lt more than once"),
        (["+", "="], "expected a letter or digit among the labels, found \\+ ="),
    ],
)
def test_wrong_classes_are_named(classes, message):
    with pytest.raises(InkError, match=message):
        formula_classes(classes)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(ORDER)), st.sampled_from(ATOMS), st.integers(0, 10**6))
def test_only_allowed_symbols_are_used_whatever_they_are(others, atom, number):
    classes = formula_classes(sorted(others | {atom}))
    for i in range(5):
        assert set(labels(compose(classes, 1, 0, number + i))) <= set(classes)


@pytest.mark.parametrize("count", [8, 48, 101])
def test_every_class_is_seen_often_enough(count):
    classes = formula_classes(count)
    seen = Counter(label for number in range(1000) for label in labels(compose(classes, 1, 0, number)))
    even = 1000 * 3 / count
    assert set(seen) == set(classes)
    assert min(seen.values()) > 0.6 * even


def test_expressions_are_as_long_as_those_of_crohme():
    lengths = sorted(len(list(labels(compose(formula_classes(48), 1, 0, number)))) for number in range(500))
    assert lengths[25] >= 4
    assert 7 <= lengths[250] <= 11
    assert lengths[475] <= 23
    assert lengths[-1] <= 60


def test_every_structure_occurs():
    found = {type(node) for number in range(300) for node in nodes(compose(ORDER, 1, 0, number))}
    assert {Fraction, Root, Script, Fence, Grid} <= found


def test_brackets_come_in_pairs():
    for number in range(300):
        seen = Counter(labels(compose(ORDER, 1, 0, number)))
        assert seen["("] == seen[")"]
        assert seen["|"] % 2 == 0


def test_a_bar_needs_the_class_of_the_minus_sign():
    classes = tuple(label for label in ORDER if label != BAR)
    assert not any(isinstance(node, Fraction) for i in range(300) for node in nodes(compose(classes, 1, 0, i)))


def test_an_expression_depends_on_seed_stream_and_number_alone():
    texts = [latex(compose(ORDER, *which)) for which in [(1, 0, 5), (1, 0, 5), (2, 0, 5), (1, 1, 5), (1, 0, 6)]]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 4


def test_every_symbol_has_a_usual_frequency():
    assert set(USUAL) == set(ORDER)


def test_usual_formulas_have_the_symbols_that_people_write():
    def shares(usual):
        seen = Counter(label for number in range(600) for label in labels(compose(ORDER, 1, 0, number, usual)))
        return {label: seen[label] / seen.total() for label in ORDER}

    even, usual = shares(0.0), shares(1.0)
    assert usual["x"] > 4 * even["x"]
    assert usual["\\exists"] < even["\\exists"] / 2
    assert 0.05 < usual["x"] < 0.2
    assert usual["1"] > usual["7"] > usual["Y"]


def test_a_share_of_usual_formulas_leaves_the_others_as_they_are():
    kinds = [(compose(ORDER, 1, 0, i, 0.5), compose(ORDER, 1, 0, i), compose(ORDER, 1, 0, i, 1.0)) for i in range(200)]
    assert all(mixed in (even, usual) for mixed, even, usual in kinds)
    assert 70 < sum(mixed == even for mixed, even, _ in kinds) < 130
