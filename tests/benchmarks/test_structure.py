"""The structure of CROHME's files, with true symbols and boxes."""

import json

import pytest

from benchmarks.structure import main, read_known
from pipeline.structure.tree import edges

TRACES = {"x": "0 4, 6 10", "2": "7 -2, 11 4", "+": "15 3, 21 9"}
FILE = """<ink xmlns="http://www.w3.org/2003/InkML"><annotation type="truth">$x^2+$</annotation>
<annotationXML type="truth"><math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><msup><mi xml:id="x_1">x</mi>
<mn xml:id="{two}">2</mn></msup><mo xml:id="+_1">+</mo></mrow></math></annotationXML>{traces}
<traceGroup xml:id="g">{groups}</traceGroup></ink>"""


def write(path, two="2_1", points=TRACES):
    traces = "".join(f'<trace id="{index}">{text}</trace>' for index, text in enumerate(points.values()))
    groups = "".join(
        f'<traceGroup xml:id="g{index}"><annotation type="truth">{label}</annotation>'
        f'<traceView traceDataRef="{index}"/><annotationXML href="{label}_1"/></traceGroup>'
        for index, label in enumerate(points)
    )
    path.write_text(FILE.format(two=two, traces=traces, groups=groups), encoding="utf-8")


def test_symbols_are_found_by_their_names(tmp_path):
    write(tmp_path / "a.inkml", points=dict(reversed(TRACES.items())))
    known = read_known((tmp_path / "a.inkml").read_bytes())
    assert known.labels == ["+", "2", "x"]
    assert known.boxes[2].tolist() == [4, 0, 10, 6]
    assert edges(known.tree) == {2: (-1, "right"), 1: (2, "sup"), 0: (2, "right")}


def test_files_are_counted(tmp_path, capsys):
    write(tmp_path / "a.inkml")
    write(tmp_path / "b.inkml", two="other")
    write(tmp_path / "c.inkml", points=TRACES | {"2": "7 4, 11 10"})  # the 2 stands low
    (tmp_path / "d.inkml").write_text("<ink/>", encoding="utf-8")
    main([str(tmp_path), "--wrong", "5", "--output", str(tmp_path / "figures.json")])
    assert "c.inkml: x^{2}+\n    read as x_{2}+" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures == {
        "formulas": 2,
        "left_out": 2,
        "trees_right": 0.5,
        "relations_right": pytest.approx(5 / 6, abs=1e-4),
    }
