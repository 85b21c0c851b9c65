import pytest

from pipeline.synthesis.formulas.expressions import BAR, Fence, Fraction, Grid, Root, Row, Script, Symbol
from pipeline.synthesis.formulas.glyphs import choose
from pipeline.synthesis.formulas.layout import Spacing, lay_out

A, B, C = Symbol("a"), Symbol("b"), Symbol("2")


def boxes(node, **spacing):
    """Label to left, bottom, right, top; a label that occurs twice keeps its last box."""
    placed = lay_out(node, lambda label: choose(label, lambda: 0.0), Spacing(**spacing))
    return {
        item.label: (
            item.x,
            item.y + item.up * item.glyph.bottom,
            item.x + item.across * item.glyph.width,
            item.y + item.up * item.glyph.top,
        )
        for item in placed
    }


def height(box):
    return box[3] - box[1]


def test_a_row_runs_to_the_right_on_one_baseline():
    found = boxes(Row((A, B, C)))
    assert found["a"][2] + 1.4 == pytest.approx(found["b"][0])
    assert found["b"][2] + 1.4 == pytest.approx(found["2"][0])
    assert found["b"][1] == found["2"][1] == 0


def test_operators_have_more_room():
    found = boxes(Row((A, Symbol("+"), B)))
    assert found["+"][0] - found["a"][2] == pytest.approx(1.4 + 1.2)
    assert found["b"][0] - found["+"][2] == pytest.approx(1.4 + 1.2)


def test_a_sign_has_none_after_it():
    found = boxes(Row((Symbol(BAR), A)))
    assert found["a"][0] - found[BAR][2] == pytest.approx(1.4)


def test_a_bar_parts_numerator_and_denominator_and_is_as_wide():
    found = boxes(Fraction(Row((A, B)), C))
    assert found[BAR][1] == found[BAR][3] == 4.0
    assert found["b"][1] > 4.0 > found["2"][3]
    assert found[BAR][0] < found["a"][0]
    assert found[BAR][2] > found["b"][2]


def test_scripts_are_smaller_and_stand_high_and_low_on_the_right():
    found = boxes(Script(A, below=C, above=B))
    base = found["a"]
    assert found["b"][0] > base[2]
    assert found["2"][0] > base[2]
    assert found["b"][3] > base[3] > found["b"][1]
    assert found["2"][3] > base[1] > found["2"][1]
    assert height(found["2"]) == pytest.approx(10 * 0.62, rel=0.01)


def test_scripts_of_scripts_do_not_become_too_small():
    found = boxes(Script(A, above=Script(A, above=Script(A, above=C))))
    assert height(found["2"]) == pytest.approx(10 * 0.45, rel=0.01)


@pytest.mark.parametrize("operator", ["\\sum", "\\lim"])
def test_limits_stand_below_and_above(operator):
    found = boxes(Script(Symbol(operator), below=C, above=B))
    assert found["2"][3] < found[operator][1]
    assert found["b"][1] > found[operator][3]
    middle = (found[operator][0] + found[operator][2]) / 2
    assert found["2"][0] < middle < found["2"][2]


def test_limits_of_integrals_stand_beside_or_by_habit_below_and_above():
    node = Script(Symbol("\\int"), below=C, above=B)
    beside, over = boxes(node), boxes(node, limits=True)
    assert beside["b"][0] > beside["\\int"][2]
    assert over["b"][1] > over["\\int"][3]


def test_slanted_writing_takes_what_is_high_to_the_right():
    node = Script(A, above=B)
    assert boxes(node, lean=0.3)["b"][0] > boxes(node)["b"][0]


def test_a_root_encloses_its_radicand():
    found = boxes(Root(Row((A, B))))
    left, bottom, right, top = found["\\sqrt"]
    for label in "ab":
        assert left < found[label][0]
        assert bottom < found[label][1]
        assert right > found[label][2]
        assert top > found[label][3]


def test_the_index_of_a_root_stands_left_of_its_radicand():
    found = boxes(Root(A, C))
    assert found["2"][2] < found["a"][0]
    assert height(found["2"]) < 10
    assert min(box[0] for box in found.values()) == 0


def test_brackets_are_as_high_as_what_they_enclose():
    low, high = boxes(Fence("(", A, ")")), boxes(Fence("(", Fraction(A, B), ")"))
    assert height(low["("]) == pytest.approx(10)
    assert high["("][1] < high["b"][1]
    assert high["("][3] > high["a"][3]
    assert high["("][2] < high["a"][0]
    assert high[")"][0] > high[BAR][2]


def test_a_matrix_has_rows_and_columns_about_the_axis():
    found = boxes(Grid(((Symbol("1"), Symbol("2")), (Symbol("3"), Symbol("4")))))
    assert found["1"][2] < found["2"][0]
    assert found["1"][1] > found["3"][3]
    assert found["2"][1] > found["4"][3]
    assert (found["1"][3] + found["3"][1]) / 2 == pytest.approx(4.0, abs=0.05)
