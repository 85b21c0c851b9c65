import numpy as np

from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.synthesis.formulas.expressions import Fraction, Root, Row, Script, Symbol, labels
from pipeline.synthesis.formulas.grammar import ORDER, compose
from pipeline.synthesis.formulas.handwriting import draw_formula_writer, write_formula

SUM = Row((Symbol("x"), Symbol("+"), Symbol("1")))
WRITERS = [draw_formula_writer(1, number, 0.5) for number in range(1001, 1041)]


def extent(formula, label):
    """left, top, right, bottom of the first symbol of that label; y down."""
    points = np.concatenate([formula.traces[i] for i in next(s[1] for s in formula.symbols if s[0] == label)])
    return [*points.min(axis=0), *points.max(axis=0)]


def test_every_trace_belongs_to_one_symbol_and_every_symbol_is_there():
    for number in range(60):
        expression = compose(ORDER, 1, 0, number)
        formula = write_formula(expression, WRITERS[number % 40], number)
        members = [trace for _, traces in formula.symbols for trace in traces]
        assert sorted(members) == list(range(len(formula.traces)))
        assert sorted(label for label, _ in formula.symbols) == sorted(labels(expression))
        assert all(traces for _, traces in formula.symbols)


def test_every_symbol_can_be_written():
    for label in CROHME_SYMBOLS:
        node = Root(Symbol("x")) if label == "\\sqrt" else Symbol(label)
        formula = write_formula(node, WRITERS[0], 1)
        assert formula.symbols[0][0] == label
        assert all(np.isfinite(trace).all() and len(trace) for trace in formula.traces)


def test_words_are_one_symbol_of_several_traces():
    formulas = [write_formula(Symbol("\\sin"), writer, 1) for writer in WRITERS]
    assert {len(formula.symbols) for formula in formulas} == {1}
    assert np.median([len(formula.traces) for formula in formulas]) >= 3


def test_a_sum_is_written_from_left_to_right():
    for writer in WRITERS:
        formula = write_formula(SUM, writer, 3)
        middles = [(extent(formula, label)[0] + extent(formula, label)[2]) / 2 for label in ("x", "+", "1")]
        assert middles == sorted(middles)


def test_structures_stay_readable():
    above, within = 0, 0
    for writer in WRITERS:
        formula = write_formula(Fraction(Symbol("x"), Symbol("2")), writer, 4)
        above += extent(formula, "x")[3] < extent(formula, "-")[3] < extent(formula, "2")[3]
        formula = write_formula(Root(Symbol("y")), writer, 5)
        (left, top, right, _), inner = extent(formula, "\\sqrt"), extent(formula, "y")
        within += left < inner[0] and top < inner[3] and right > (inner[0] + inner[2]) / 2
    assert above >= 38
    assert within == 40


def test_scripts_are_smaller_than_what_they_belong_to():
    node = Script(Symbol("2"), above=Symbol("2"))
    for writer in WRITERS:
        formula = write_formula(node, writer, 6)
        sizes = [np.ptp(np.concatenate([formula.traces[i] for i in traces])[:, 1]) for _, traces in formula.symbols]
        assert min(sizes) < 0.9 * max(sizes)


def test_writers_use_tablets_of_many_kinds():
    widths = [np.ptp(np.concatenate(write_formula(SUM, writer, 7).traces)[:, 0]) for writer in WRITERS]
    assert min(widths) < 10
    assert max(widths) > 1000
    whole = [all((t == np.round(t)).all() for t in write_formula(SUM, writer, 7).traces) for writer in WRITERS]
    assert 8 < sum(whole) < 32


def test_dots_may_be_single_points():
    lengths = {len(trace) for writer in WRITERS for trace in write_formula(Symbol("."), writer, 8).traces}
    assert 1 in lengths
    assert len(lengths) > 1


def test_the_same_formula_is_written_the_same_and_another_number_differs():
    first, again, other = (write_formula(SUM, WRITERS[0], number) for number in (9, 9, 10))
    assert all(np.array_equal(a, b) for a, b in zip(first.traces, again.traces, strict=True))
    assert not np.array_equal(np.concatenate(first.traces), np.concatenate(other.traces))
    stranger = write_formula(SUM, draw_formula_writer(2, 1001, 0.5), 9)
    assert not np.array_equal(np.concatenate(first.traces), np.concatenate(stranger.traces))


def test_looseness_is_how_far_symbols_stray():
    def spread(looseness):
        formulas = [write_formula(Symbol("-"), draw_formula_writer(1, 1001, looseness), n) for n in range(40)]
        traces = [formula.traces[0] / draw_formula_writer(1, 1001, looseness).tablet.unit for formula in formulas]
        return np.std([trace[:, 1].mean() for trace in traces])

    assert spread(0.1) < 0.5 * spread(1.0)
