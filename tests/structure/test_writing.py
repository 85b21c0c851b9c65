"""Trees as LaTeX, MathML and JSON."""

import json
from xml.etree import ElementTree

import pytest

from pipeline.structure.tree import Node, as_json
from pipeline.structure.writing import latex, mathml

X, TWO, ONE = Node(0, "x"), Node(1, "2"), Node(2, "1")
MATH = "{http://www.w3.org/1998/Math/MathML}"
CASES = [
    ((), "", "<mrow></mrow>"),
    ((Node(0, "x", sup=(TWO,)),), "x^{2}", "<msup><mi>x</mi><mn>2</mn></msup>"),
    ((Node(0, "x", sup=(TWO,), sub=(ONE,)),), "x_{1}^{2}", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
    ((Node(0, "-", above=(ONE,), below=(TWO,)),), r"\frac{1}{2}", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
    ((Node(0, "-", below=(TWO,)),), r"\frac{}{2}", "<mfrac><mrow></mrow><mn>2</mn></mfrac>"),
    ((Node(0, r"\sqrt", inside=(X,)),), r"\sqrt{x}", "<msqrt><mi>x</mi></msqrt>"),
    ((Node(0, r"\sqrt"),), r"\sqrt{}", "<msqrt><mrow></mrow></msqrt>"),
    ((Node(0, r"\sqrt", inside=(X,), index=(TWO,)),), r"\sqrt[2]{x}", "<mroot><mi>x</mi><mn>2</mn></mroot>"),
    ((Node(0, r"\sqrt", inside=(X,), index=(Node(1, "]"),)),), r"\sqrt[{]}]{x}", "<mroot><mi>x</mi><mo>]</mo></mroot>"),
    (
        (Node(0, r"\sum", below=(ONE,), above=(TWO,)),),
        r"\sum_{1}^{2}",
        "<munderover><mo>∑</mo><mn>1</mn><mn>2</mn></munderover>",
    ),
    ((Node(0, r"\sum", sub=(ONE,)),), r"\sum_{1}", "<msub><mo>∑</mo><mn>1</mn></msub>"),
    ((Node(0, "="), Node(1, r"\lt")), r"=\lt", "<mrow><mo>=</mo><mo>&lt;</mo></mrow>"),
    ((Node(0, r"\pi"), Node(1, "r")), r"\pi r", "<mrow><mi>π</mi><mi>r</mi></mrow>"),
    ((Node(0, r"\pi"), Node(1, "2")), r"\pi2", "<mrow><mi>π</mi><mn>2</mn></mrow>"),
    (
        (Node(0, "1"), Node(1, "2"), Node(2, "3", sup=(X,))),
        "123^{x}",
        "<mrow><mn>12</mn><msup><mn>3</mn><mi>x</mi></msup></mrow>",
    ),
    ((Node(0, "=", above=(X,)),), r"\overset{x}{=}", "<mover><mo>=</mo><mi>x</mi></mover>"),
    ((Node(0, r"\{"),), r"\{", "<mo>{</mo>"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "written", "marked"), CASES)
def test_trees_are_written(tree, written, marked):
    assert latex(tree) == written
    assert mathml(tree) == f'<math xmlns="http://www.w3.org/1998/Math/MathML">{marked}</math>'
    assert ElementTree.fromstring(mathml(tree)).tag == f"{MATH}math"


def test_a_tree_is_json_without_empty_rows():
    tree = (Node(0, "x", sup=(TWO,)), Node(2, "1"))
    around = {"sup": [{"symbol": 1, "label": "2"}]}
    assert as_json(tree) == [{"symbol": 0, "label": "x", **around}, {"symbol": 2, "label": "1"}]
    json.dumps(as_json(tree))
