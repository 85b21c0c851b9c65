"""Symbols in the groups of InkML and their ink: names of outer groups, symbols without names, views of parts."""

from pathlib import Path

import pytest

from pipeline.formats import inkml, inkml_groups
from pipeline.formats.inkml import InkmlError, TraceGroup, read_inkml
from tests.formats.tiny_inkml import TRACES, document, formula, group, reason, symbols

CASES = Path(__file__).with_name("cases")
FOUR = "".join(f'<trace id="{number}">{number} 0, {number} 1</trace>' for number in range(4))


def nested(*groups, wrapper="Segmentation"):
    return document(FOUR, group(wrapper, inner="".join(groups)))


def nameless(*parts):
    """The error message about symbols without truth in these groups."""
    names = ", ".join(parts)
    return (
        f"symbols without truth: expected an annotation of type 'truth' in the traceGroup {names} or around it, found "
        "none; add it or remove the file"
    )


# Names


def test_a_name_on_the_outer_group():
    assert symbols((CASES / "nested_inner.inkml").read_bytes()) == [("A", (0, 1)), ("i", (2,))]


@pytest.mark.parametrize("label", [None, "", "  "])
def test_ink_without_a_name_is_of_the_nearest_group_with_one(label):
    inner = group(label, inner=group(label, 0, 1) + group(None, 3))
    assert symbols(nested(group("A", inner=inner), group("i", 2))) == [("A", (0, 1, 3)), ("i", (2,))]
    assert symbols(nested(group("z", inner=group("A", 0, 1, inner=group(label, 3))))) == [("A", (0, 1, 3))]
    assert symbols(nested(group("A", 0, inner=group(label, 1)))) == [("A", (0, 1))]


def test_a_name_that_is_said_twice():
    said = '<traceGroup><annotation type="truth"/><annotation type="truth">x</annotation><annotation type="truth">y'
    assert symbols(document(TRACES, f'{said}</annotation><traceView traceDataRef="0"/></traceGroup>')) == [("x", (0,))]


@pytest.mark.parametrize("wrapper", ["x", "From ITF", "$x$"])
def test_the_group_of_the_whole_formula_names_no_symbol(wrapper):
    assert reason(nested(group(None, 0), wrapper=wrapper)) == nameless("(2)")
    assert reason(nested(group(None, 0), group("", 1), wrapper=wrapper)) == nameless("(2), (3)")
    assert symbols(nested(group("A", inner=group(None, 0)), wrapper=wrapper)) == [("A", (0,))]


def test_groups_that_nothing_wraps_name_what_they_hold():
    assert symbols(document(FOUR, group("A", inner=group(None, 0, 1)), group("i", inner=group("", 2)))) == [
        ("A", (0, 1)),
        ("i", (2,)),
    ]


def test_a_group_of_named_symbols_names_none():
    assert reason(nested(group("A", inner=group("i", 0) + group(None, 1)))) == nameless("(4)")
    assert symbols(nested(group("ab", inner=group("a", 0) + group("b", 1)), group("c", 2))) == [
        ("a", (0,)),
        ("b", (1,)),
        ("c", (2,)),
    ]


# Symbols without truth


@pytest.mark.parametrize("name", ["nolabel", "label_attr_case"])
def test_a_symbol_without_truth_is_refused_by_the_id_of_its_group(name):
    data = (CASES / f"{name}.inkml").read_bytes()
    with pytest.raises(InkmlError) as error:
        read_inkml(data)
    assert str(error.value) == nameless("g")
    assert data[error.value.offset :].startswith(b'<traceGroup xml:id="g">')


def test_some_groups_without_truth_are_named_the_others_counted():
    data = nested(group("x", 3), *(group(None, 0) for _ in range(7)))
    assert reason(data) == nameless("(3), (4), (5), (6), (7) and 2 more")


def test_a_group_without_truth_and_without_ink_is_dropped():
    ink = read_inkml(nested(group("x", 0), group(None, 9)))
    assert (ink.symbols, ink.dropped) == ([TraceGroup("x", (0,))], 1)


# Views


def test_a_pen_in_the_air_leaves_no_ink():
    ink = read_inkml((CASES / "penup.inkml").read_bytes())
    assert [trace.tolist() for trace in ink.traces] == [[[0, 0], [40, 0], [10, 80]]]
    assert (ink.symbols, ink.dropped) == ([TraceGroup("7", (0,))], 0)


def test_a_symbol_in_the_air_is_dropped():
    ink = read_inkml(formula(TRACES + '<trace id="u" type="penUp">?</trace>', group("x", 0) + group("y", "u")))
    assert (len(ink.traces), ink.symbols, ink.dropped) == (2, [TraceGroup("x", (0,))], 1)


@pytest.mark.parametrize("kind", ["indeterminate", "PenDown", ""])
def test_a_trace_of_another_type_is_refused(kind):
    assert reason(formula(f'<trace id="0" type="{kind}">0 0</trace>')) == (
        f"trace 0: expected the type penDown or penUp, found {kind!r}"
    )


@pytest.mark.parametrize("attribute", ['continuation="begin"', 'continuation="end" priorRef="#0"', 'priorRef="#0"'])
def test_a_trace_in_parts_is_refused(attribute):
    assert reason(formula(f'<trace id="1" {attribute}>0 0</trace>')) == (
        "trace 1: expected a whole trace, found one that continues another"
    )


LINE = '<trace id="a">1 0, 2 0, 3 0, 4 0, 5 0</trace><trace id="b">6 0</trace>'


def view(target, **attributes):
    said = "".join(f' {name.rstrip("_")}="{value}"' for name, value in attributes.items())
    return f'<traceView traceDataRef="#{target}"{said}/>'


def held(*views):
    """The x coordinates of a symbol made of these views, one list per trace."""
    ink = read_inkml(document(LINE, GROUPS, group("Segmentation", inner=group("s", inner="".join(views)))))
    symbol = next(symbol for symbol in ink.symbols if symbol.label == "s")
    return [ink.traces[index][:, 0].tolist() for index in symbol.traces]


# The target of the views: m = (a, (b, points 2 to 4 of a)).
GROUPS = group("Other", inner=(
    '<traceGroup xml:id="m"><annotation type="truth">m</annotation><traceView traceDataRef="a"/>'
    '<traceGroup xml:id="n"><traceView traceDataRef="b"/><traceView xml:id="v" traceDataRef="a" from="2" to="4"/>'
    "</traceGroup></traceGroup>"
))  # fmt: skip


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([view("a", from_="2", to="4")], [[2, 3, 4]]),
        ([view("a", from_="4")], [[4, 5]]),
        ([view("a", to=" 1 ")], [[1]]),
        ([view("a", from_="1", to="5")], [[1, 2, 3, 4, 5]]),
        ([view("a", to="2"), view("a", from_="4")], [[1, 2], [4, 5]]),
        ([view("m")], [[1, 2, 3, 4, 5], [2, 3, 4], [6]]),
        ([view("n")], [[2, 3, 4], [6]]),
        ([view("m", to="1")], [[1, 2, 3, 4, 5]]),
        ([view("m", from_="2")], [[2, 3, 4], [6]]),
        ([view("m", from_="1:4", to="2:1")], [[4, 5], [6]]),
        ([view("m", from_="2:2:2")], [[3, 4]]),
        ([view("m", from_="2:2:2", to="2:2:2")], [[3]]),
        ([view("v")], [[2, 3, 4]]),
        ([view("v", from_="3")], [[4]]),
    ],
)
def test_views_of_parts(views, expected):
    assert sorted(held(*views)) == expected


def test_a_trace_that_is_used_in_parts_is_replaced_by_them():
    parts = group("x", inner=view("a", to="2")) + group("y", inner=view("a", from_="4"))
    ink = read_inkml(document(LINE, group("Segmentation", inner=parts)))
    assert [trace[:, 0].tolist() for trace in ink.traces] == [[1, 2], [4, 5], [6]]
    assert ink.symbols == [TraceGroup("x", (0,)), TraceGroup("y", (1,))]


def test_views_without_a_reference_group_others():
    inner = f'<traceView><annotation type="truth">x</annotation>{view("0")}{view("1")}</traceView>'
    assert symbols(formula(groups=inner)) == [("x", (0, 1))]
    assert symbols(formula(groups=group("x", inner=f"<traceView>{view('0')}</traceView>"))) == [("x", (0,))]


def test_a_view_of_nothing_is_a_missing_trace():
    ink = read_inkml(formula(groups=group("x", 0) + group("y", 1, inner="<traceView/>")))
    assert (ink.symbols, ink.dropped) == ([TraceGroup("x", (0,))], 1)


def test_annotations_of_a_view_are_not_those_of_its_group():
    inner = '<traceView traceDataRef="0"><annotation type="truth">y</annotation></traceView>'
    assert symbols(formula(groups=group("x", inner=inner))) == [("x", (0,))]


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (view("a", from_="0"), "a traceView from 0 to the end: expected paths in its target, which has 5 parts"),
        (view("a", to="6"), "a traceView from the start to 6: expected paths in its target, which has 5 parts"),
        (view("a", from_="4", to="3"), "a traceView from 4 to 3: expected paths in its target, which has 5 parts"),
        (view("a", from_="1:2"), "a traceView from 1:2 to the end: expected paths in its target, which has 5 parts"),
        (view("m", from_="3"), "a traceView from 3 to the end: expected paths in its target, which has 2 parts"),
        (view("a", from_="-1"), "expected from and to of a traceView as counts from 1, like 2 or 1:2, found '-1'"),
        (view("a", to="1.5"), "expected from and to of a traceView as counts from 1, like 2 or 1:2, found '1.5'"),
        (view("a", to="1:"), "expected from and to of a traceView as counts from 1, like 2 or 1:2, found '1:'"),
    ],
)
def test_parts_that_are_not_there_are_refused(of, message):
    with pytest.raises(InkmlError) as error:
        held(of)
    assert str(error.value) == message


def test_a_view_of_an_id_that_several_groups_have_is_refused():
    twice = '<traceGroup xml:id="g"><annotation type="truth">x</annotation><traceView traceDataRef="0"/></traceGroup>'
    assert symbols(formula(groups=twice * 2)) == [("x", (0,)), ("x", (0,))]
    assert reason(formula(groups=twice * 2 + group("y", "g"))) == "a traceView of 'g': several elements have this id"


# Hostile views


def loop(name, *targets):
    views = "".join(map(view, targets))
    return f'<traceGroup xml:id="{name}"><annotation type="truth">{name}</annotation>{views}</traceGroup>'


def test_views_of_themselves_end():
    assert reason(formula(groups=loop("g", "g"))).startswith("views of views: more than")
    assert reason(formula(groups=loop("g", "h", "h") + loop("h", "g", "g"))).startswith("views of views: more than")


def test_views_that_unfold_are_bounded():
    doubled = "".join(loop(f"g{level}", f"g{level + 1}", f"g{level + 1}") for level in range(60))
    data = formula(groups=doubled + loop("g60", "0"))
    assert reason(data) == f"views of views: more than {inkml_groups.MAX_NODES} views or 256 levels"


def test_views_are_counted(monkeypatch):
    monkeypatch.setattr(inkml, "MAX_VIEWS", 2)
    assert symbols(formula()) == [("x", (0, 1))]
    assert reason(formula(groups=group("x", 0, 1, 0))) == "more than 2 trace views"


def test_points_of_overlapping_parts_are_counted(monkeypatch):
    monkeypatch.setattr(inkml, "MAX_POINTS", 8)
    parts = view("a", to="4") + view("a", from_="2")
    assert reason(document(LINE, group("x", inner=parts))) == (
        "parts of traces: more than 10000, or more than 8 points in them"
    )
    monkeypatch.setattr(inkml, "MAX_POINTS", 9)
    assert symbols(document(LINE, group("x", inner=parts))) == [("x", (0, 1))]
