"""Real formulas, read by a detector of two bars: `-` in the left half, `|` in the right one."""

import json

import pytest

from benchmarks.real_formulas import main

BARS = {"-": "0 50, 40 50", "|": "100 0, 100 90"}
FILE = """<ink xmlns="http://www.w3.org/2003/InkML">
<annotationXML type="truth"><math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>{math}</mrow></math></annotationXML>
{traces}<traceGroup xml:id="g">{groups}</traceGroup></ink>"""


def write(path, labels, named=True):
    traces = "".join(f'<trace id="{index}">{points}</trace>' for index, points in enumerate(BARS.values()))
    groups = "".join(
        f'<traceGroup xml:id="g{index}"><annotation type="truth">{label}</annotation>'
        f'<traceView traceDataRef="{index}"/><annotationXML href="s{index}"/></traceGroup>'
        for index, label in enumerate(labels)
    )
    name = "s" if named else "other"
    math = "".join(f'<mo xml:id="{name}{index}">{label}</mo>' for index, label in enumerate(labels))
    path.write_text(FILE.format(math=math, traces=traces, groups=groups), encoding="utf-8")


@pytest.fixture
def read(tmp_path, formula_model):
    """Reads the files of a folder and returns the row."""
    (tmp_path / "tiny.tflite").write_bytes(formula_model)
    (tmp_path / "ink").mkdir()

    def read(*files, **options):
        for number, labels in enumerate(files):
            write(tmp_path / f"ink/{number}.inkml", labels, **options)
        output = tmp_path / "rows.json"
        main([str(tmp_path / "ink"), "--model", str(tmp_path / "tiny.tflite"), "--output", str(output)])
        (row,) = json.loads(output.read_text(encoding="utf-8"))
        return row

    return read


def test_symbols_and_formulas_are_counted(read):
    assert read(["-", "|"], ["-", "-"]) == {
        "set": "ink", "variant": "tiny", "left_out": 0, "formulas": 2, "symbols": 4, "structured": 2, "unknown": 0,
        "segments_recall": 1.0, "seg_class_recall": 0.75,
        "exprate": 0.5, "at_most_1": 1.0, "at_most_2": 1.0, "structure": 1.0,
        "exprate_true_names": 1.0,
    }  # fmt: skip


def test_a_symbol_that_the_model_does_not_know_is_an_error_and_counted(read):
    row = read(["-", "1"])
    assert (row["unknown"], row["seg_class_recall"], row["exprate"], row["at_most_1"]) == (1, 0.5, 0.0, 1.0)


def test_a_formula_without_true_structure_counts_for_its_symbols(read):
    row = read(["-", "|"], named=False)
    assert (row["formulas"], row["structured"], row["seg_class_recall"], row["exprate"]) == (1, 0, 1.0, 0.0)


def test_what_is_no_formula_is_left_out(read, tmp_path, capsys):
    (tmp_path / "ink/torn.inkml").write_text("<ink", encoding="utf-8")
    row = read(["-", "|"])
    assert (row["formulas"], row["left_out"]) == (1, 1)
    assert "ExpRate" in capsys.readouterr().out


def test_wrong_names_are_printed(tmp_path, read, capsys):
    read(["-", "-"], ["-", "-"])
    main([str(tmp_path / "ink"), "--model", str(tmp_path / "tiny.tflite"), "--confusions", "3"])
    assert "ink, tiny: - as | 2" in capsys.readouterr().out
