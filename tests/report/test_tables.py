"""Tables in a file and on the terminal."""

import pytest

from pipeline.report import tables

HEADER = ("model", "top-1", "MB")
ROWS = [["float32", "99.10 %", "11.36"], ["int8", "9 %", "3"]]

MARKDOWN = """\
| model   |   top-1 |    MB |
|---------|--------:|------:|
| float32 | 99.10 % | 11.36 |
| int8    |     9 % |     3 |
"""


def test_markdown_is_aligned():
    assert tables.markdown(HEADER, ROWS) == MARKDOWN


def test_a_table_without_rows_keeps_its_header():
    assert tables.markdown(["a", "b"], []) == "| a   |   b |\n|-----|----:|\n"


def test_several_columns_may_be_words():
    assert tables.markdown(["a", "b", "c"], [["x", "four", "10"]], left=2) == (
        "| a   | b    |   c |\n|-----|------|----:|\n| x   | four |  10 |\n"
    )


@pytest.mark.parametrize("columns", [20, 80])
def test_the_terminal_shows_every_cell_however_narrow(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    tables.show(HEADER, ROWS, title="Variants")
    printed = capsys.readouterr().out
    for text in ("Variants", *HEADER, *ROWS[0], *ROWS[1]):
        assert text in printed


def test_the_terminal_shows_cells_as_they_are(capsys):
    cells = ["[red]a[/red]", ":smile:", "[/]", "永 \\frac"]
    tables.show(["a", "b", "c", "d"], [cells])
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in cells)
    assert printed.splitlines()[0].split() == ["a", "b", "c", "d"]
