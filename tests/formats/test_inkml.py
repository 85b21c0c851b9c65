"""InkML: written formulas are read back, and every hazard of real files is handled or reported."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InkError
from pipeline.formats import inkml
from pipeline.formats.inkml import InkmlError, TraceGroup, read_inkml
from pipeline.formats.inkml_writer import encode_inkml, write_inkml
from tests.formats.tiny_inkml import ANNOTATION, TRACES, document, formula, group, reason, symbols

# The writer


def test_a_formula_comes_back_as_it_was_written(tmp_path):
    traces = [np.array([[0.0, 0.5], [-3.25, 1e6]]), np.array([[7.0, 7.0]]), [(1, 2), (3, 4)]]
    write_inkml(tmp_path / "a.inkml", traces, [("<", [0, 2]), (r"\alpha", [1])], truth=r"a<\alpha & b", writer="w é")
    ink = read_inkml((tmp_path / "a.inkml").read_bytes())
    assert len(ink.traces) == 3
    for trace, written in zip(ink.traces, traces, strict=True):
        np.testing.assert_array_equal(trace, np.array(written, np.float64))
    assert ink.symbols == [TraceGroup("<", (0, 2)), TraceGroup(r"\alpha", (1,))]
    assert (ink.truth, ink.writer, ink.dropped) == (r"a<\alpha & b", "w é", 0)


@given(
    st.lists(st.lists(st.tuples(*[st.integers(-(10**9), 10**9)] * 2), min_size=1, max_size=5), min_size=1, max_size=4)
)
@settings(max_examples=50)
def test_coordinates_keep_four_decimals(traces):
    traces = [np.array(trace) / 1e4 for trace in traces]
    ink = read_inkml(encode_inkml(traces, [("x", list(range(len(traces))))]))
    assert all(np.array_equal(one, other) for one, other in zip(ink.traces, traces, strict=True))


def test_no_zero_is_negative():
    assert b"\n0 0, 0 0\n" in encode_inkml([[(-0.0, 0.00004), (-0.00001, 0)]], [("x", [0])])


def test_the_same_formula_is_the_same_bytes(tmp_path):
    for name in "ab":
        write_inkml(tmp_path / name, [[(0, 1)]], [("x", [0])], "x")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("traces", "members", "truth", "message"),
    [
        ([[]], [0], "x", r"trace 0: expected finite points \[n, 2\]"),
        ([[(1, float("nan"))]], [0], "x", r"trace 0: expected finite points"),
        ([[(1, 2, 3)]], [0], "x", r"trace 0: expected finite points .* found \[1, 3\]"),
        ([[(1, 2)]], [1], "x", r"symbol 'x': expected indices of 1 traces, found \[1\]"),
        ([[(1, 2)]], [], "x", r"symbol 'x': expected indices"),
        ([[(1, 2)]], [0], "\0", r"expected printable text, found '\\x00'"),
    ],
)
def test_what_cannot_be_written(traces, members, truth, message, tmp_path):
    with pytest.raises(InkError, match=message):
        write_inkml(tmp_path / "a.inkml", traces, [("x", members)], truth)
    assert not list(tmp_path.iterdir())


# Hazards of real files


def test_an_empty_file():
    assert reason(b"") == reason(b" \r\n") == "empty file"


def test_bytes_that_are_no_utf8_cost_only_what_they_hit():
    data = formula().replace(b"</ink>", b'<annotation type="copyright">M\xfcller</annotation></ink>')
    assert symbols(data) == [("x", (0, 1))]
    assert reason(formula().replace(b"9 9", b"\xff 9")) == "trace 0: a point that is not two numbers"


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '\r\n\r\n <?xml version="1.0" encoding="us-ascii"?>\r\n',
        "\N{BYTE ORDER MARK}",
        "",
    ],
)
def test_ways_to_begin(head):
    assert symbols(formula(head=head)) == [("x", (0, 1))]


@pytest.mark.parametrize("channels", [("X", "Y"), ("X", "Y", "T"), ("X", "Y", "F"), ("x", "y"), ()])
@pytest.mark.parametrize("points", ["1 2, 3 4", "1 2 99, 3 4 99", "\r\n1.0 2e0,\r\n\t3 4 0.5 T,\r\n"])
def test_the_first_two_numbers_are_taken(channels, points):
    names = "".join(f'<channel name="{name}"/>' for name in channels)
    traces = f'<traceFormat>{names}</traceFormat><trace id="0">{points}</trace>'
    np.testing.assert_array_equal(read_inkml(formula(traces, group("x", 0))).traces[0], [[1, 2], [3, 4]])


def test_channels_without_y_are_not_taken_for_x_and_y():
    assert reason(formula('<traceFormat><channel name="T"/><channel name="X"/></traceFormat>' + TRACES)) == (
        "expected one channel X and one channel Y in every point, found T, X"
    )


def test_traces_that_no_group_refers_to_are_handed_on():
    ink = read_inkml(formula(groups=group("x", 1)))
    assert (len(ink.traces), ink.symbols) == (2, [TraceGroup("x", (1,))])


def test_a_symbol_of_a_missing_trace_is_dropped_alone():
    ink = read_inkml(formula(groups=group("x", 0, 7) + group("y", 1)))
    assert (ink.symbols, ink.dropped) == ([TraceGroup("y", (1,))], 1)


def test_a_trace_without_points_is_missing():
    ink = read_inkml(formula(TRACES + '<trace id="2"> </trace>', group("x", 0) + group("y", 2)))
    assert (len(ink.traces), ink.symbols, ink.dropped) == (2, [TraceGroup("x", (0,))], 1)


def test_single_points_and_shared_traces():
    ink = read_inkml(formula('<trace id="0">5 5</trace>', group("x", 0, 0) + group("y", 0)))
    assert ink.traces[0].tolist() == [[5, 5]]
    assert ink.symbols == [TraceGroup("x", (0,)), TraceGroup("y", (0,))]


@pytest.mark.parametrize("wrapper", ["Segmentation", "From ITF", "by hand", "x", None])
def test_wrappers_are_known_by_what_they_hold(wrapper):
    inner = group(wrapper, inner=group("x", 0) + group(None, inner=group("y", 1)))
    assert symbols(document(TRACES, inner)) == [("x", (0,)), ("y", (1,))]
    assert symbols(document(TRACES, group(wrapper, 0, 1, inner=group("x", 0)))) == [("x", (0,))]


def test_groups_without_a_wrapper():
    assert symbols(document(TRACES, group("x", 0), group("y", 1))) == [("x", (0,)), ("y", (1,))]


def test_groups_may_come_first_and_hold_their_traces():
    held = '<traceGroup><annotation type="truth">y</annotation><trace>1 1</trace></traceGroup>'
    assert symbols(document(group("x", "#0"), TRACES, held)) == [("x", (0,)), ("y", (2,))]


def test_ids_of_either_kind_and_prefixes():
    data = (
        '<i:ink xmlns:i="http://www.w3.org/2003/InkML"><i:trace xml:id="t">1 1</i:trace><i:traceGroup>'
        '<i:annotation type="truth">x</i:annotation><i:traceView traceDataRef="t"/></i:traceGroup></i:ink>'
    )
    assert symbols(data.encode()) == [("x", (0,))]


@pytest.mark.parametrize(
    ("written", "truth"), [("$a+b$", "a+b"), (" a ", "a"), ("$ a $", "a"), ("$", ""), ("&lt;", "<"), ("", "")]
)
def test_truth_with_and_without_dollars(written, truth):
    assert read_inkml(formula(ANNOTATION.format(written) + TRACES)).truth == truth


def test_annotations_of_mathml_are_not_the_formulas():
    mathml = '<annotationXML type="truth"><math><semantics><annotation type="truth">no</annotation></semantics></math>'
    ink = read_inkml(formula(f'{mathml}</annotationXML><annotation type="writer"> w </annotation>{TRACES}'))
    assert (ink.truth, ink.writer) == ("", "w")


def test_mathml_may_lack_its_namespace():
    assert symbols(formula("<annotationXML><m:math><m:mi>x</m:mi></m:math></annotationXML>" + TRACES)) == [
        ("x", (0, 1))
    ]


# Hostile files

BOMB = '<!DOCTYPE ink [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE ink [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE, '<!DOCTYPE ink SYSTEM "http://example.invalid/ink.dtd">'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_document_type_declaration_is_read(head, encoding):
    text = head + formula(ANNOTATION.format("&b;") + TRACES).decode()
    assert reason(text.encode(encoding)) == "a document type declaration: not allowed"


def test_an_entity_out_of_nowhere():
    assert reason(formula(ANNOTATION.format("&b;"))).startswith("not XML: undefined entity")


def test_depth_is_bounded():
    deep = inkml.MAX_DEPTH - 1
    assert symbols(formula("<a>" * deep + "</a>" * deep + TRACES)) == [("x", (0, 1))]
    assert reason(formula("<a>" * 100_000)) == "more than 256 elements deep"


def test_size_is_bounded(monkeypatch):
    monkeypatch.setattr(inkml, "MAX_BYTES", 1000)
    assert reason(formula() + b" " * 1000).startswith("too large: ")


def test_thousands_of_traces():
    many = "".join(f'<trace id="{index}">{index} 1</trace>' for index in range(inkml.MAX_TRACES))
    ink = read_inkml(formula(many, group("x", *range(inkml.MAX_TRACES))))
    assert ink.symbols == [TraceGroup("x", tuple(range(inkml.MAX_TRACES)))]
    assert reason(formula(many + '<trace id="z">1 1</trace>')) == "more than 10000 traces"


def test_counts_are_bounded(monkeypatch):
    monkeypatch.setattr(inkml, "MAX_POINTS", 4)
    monkeypatch.setattr(inkml, "MAX_SYMBOLS", 2)
    assert symbols(formula()) == [("x", (0, 1))]
    assert reason(formula(TRACES + '<trace id="2">1 1</trace>')) == "more than 4 points"
    assert reason(formula(groups=group("x", 0) * 3)) == "more than 2 symbols"


@pytest.mark.parametrize("number", ["1e308", "-1e8", "nan", "inf", "-infinity", "1e999"])
def test_absurd_coordinates(number):
    assert reason(formula(f'<trace id="0">0 0, 1 {number}</trace>')) == ("trace 0: a coordinate outside ±10000000")


@pytest.mark.parametrize("points", ["1", "a b", "1 2, 3", "1 '2", "1;2"])
def test_points_that_are_not_two_numbers(points):
    assert reason(formula(f'<trace id="0">{points}</trace>')) == "trace 0: a point that is not two numbers"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04", "not XML: not well-formed (invalid token): line 1, column 2"),
        (b"<html/>", "not InkML: expected <ink>, found <html>"),
        (formula()[:-20], "not XML: "),
        (document(), "no symbol with ink: 0 traces, 0 groups with traces"),
        (document(TRACES), "no symbol with ink: 2 traces, 0 groups with traces"),
        (document(group("x", 0)), "no symbol with ink: 0 traces, 1 groups with traces"),
        (formula(TRACES + TRACES), "two traces have the id '0'"),
    ],
)
def test_files_without_a_formula(data, message):
    assert reason(data).startswith(message)


def test_the_offset_is_told():
    with pytest.raises(InkmlError) as error:
        read_inkml(formula(TRACES + TRACES))
    assert formula(TRACES + TRACES)[error.value.offset :].startswith(b'<trace id="0"')


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_a_formula_or_a_reason(data):
    for attempt in (data, formula().replace(b"9 9", data), formula()[:60] + data + formula()[60:]):
        with contextlib.suppress(InkmlError):
            assert read_inkml(attempt).symbols


@pytest.mark.parametrize(
    "inner", ['<annotation type="truth"><annotation/></annotation>', '<trace id="truth">1 1<annotation/></trace>']
)
def test_annotations_inside_of_what_is_collected(inner):
    assert reason(document(inner)).startswith("no symbol with ink")


def test_points_are_counted_before_they_take_memory(monkeypatch):
    monkeypatch.setattr(inkml, "MAX_POINTS", 2)
    monkeypatch.setattr(inkml._Reader, "_parse", None)
    assert reason(formula('<trace id="0">0 0, 1 1, 2 2</trace>')) == "more than 2 points"


def test_a_byte_order_mark_alone_is_an_empty_file():
    assert reason(b"\xff\xfe") == "empty file"
