import pytest

from pipeline.synthesis.formulas.expressions import Fence, Fraction, Grid, Root, Row, Script, Symbol, labels, latex

X, Y, TWO = Symbol("x"), Symbol("y"), Symbol("2")
CASES = [
    (X, "x", "x"),
    (Row((X, Symbol("+"), Y)), "x + y", "x + y"),
    (Fraction(X, TWO), "\\frac{x}{2}", "- x 2"),
    (Root(X), "\\sqrt{x}", "\\sqrt x"),
    (Root(X, Symbol("3")), "\\sqrt[3]{x}", "\\sqrt 3 x"),
    (Script(X, Y), "x_{y}", "x y"),
    (Script(Symbol("\\sum"), Y, TWO), "\\sum_{y}^{2}", "\\sum y 2"),
    (Fence("\\{", X, "\\}"), "\\left\\{ x \\right\\}", "\\{ \\} x"),
    (Grid(((X, Y), (TWO, X))), "\\begin{matrix} x & y \\\\ 2 & x \\end{matrix}", "x y 2 x"),
]


@pytest.mark.parametrize(("node", "tex", "symbols"), CASES)
def test_latex_and_labels(node, tex, symbols):
    assert latex(node) == tex
    assert list(labels(node)) == symbols.split()
