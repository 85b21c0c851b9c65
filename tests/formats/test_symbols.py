"""The symbols of CROHME have one spelling each."""

import pytest

from pipeline.formats.charset import read_class_list, write_class_list
from pipeline.formats.symbols import CROHME_SYMBOLS, LABELS, canonical


def test_there_are_101_in_code_point_order():
    assert len(set(CROHME_SYMBOLS)) == 101
    assert list(CROHME_SYMBOLS) == sorted(CROHME_SYMBOLS)
    assert [LABELS[symbol] for symbol in CROHME_SYMBOLS] == list(range(101))


@pytest.mark.parametrize(
    ("spelled", "symbol"),
    [
        ("COMMA", ","),
        (",", ","),
        ("<", r"\lt"),
        (r"\gt", r"\gt"),
        (">", r"\gt"),
        (r" \le ", r"\leq"),
        ("{", r"\{"),
        (r"\to", r"\rightarrow"),
        ("\N{MINUS SIGN}", "-"),
    ],
)
def test_each_spelling_leads_to_one_symbol(spelled, symbol):
    assert canonical(spelled) == symbol
    assert symbol in LABELS


def test_case_and_unknown_labels_stay():
    assert (canonical("x"), canonical("X"), canonical(" \\frac\n"), canonical("")) == ("x", "X", "\\frac", "")


def test_spellings_are_stable():
    assert all(canonical(symbol) == symbol for symbol in CROHME_SYMBOLS)


def test_the_class_list_is_a_file_of_symbols(tmp_path):
    write_class_list(tmp_path / "classes.txt", CROHME_SYMBOLS, symbols=True)
    assert (tmp_path / "classes.txt").read_text().splitlines()[:5] == ["!", "(", ")", "+", ","]
    assert read_class_list(tmp_path / "classes.txt", symbols=True) == CROHME_SYMBOLS
