"""The truth of CROHME's files, from MathML."""

import pytest

from pipeline.structure.mathml import MathmlError, read_truth
from pipeline.structure.tree import edges
from pipeline.structure.writing import latex

FILE = """<ink xmlns="http://www.w3.org/2003/InkML"><annotationXML type="truth">{}</annotationXML>
<traceGroup><traceGroup><annotationXML href="x_1"/></traceGroup></traceGroup></ink>"""


def read(content: str):
    return read_truth(FILE.format(f'<math xmlns="http://www.w3.org/1998/Math/MathML">{content}</math>').encode())


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ('<msup><mi xml:id="x_1">x</mi><mn>2</mn></msup>', "x^{2}"),
        ("<msub><mrow><mi>a</mi><mi>b</mi></mrow><mi>n</mi></msub>", "ab_{n}"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_{1}^{2}"),
        ("<msup><msub><mi>x</mi><mn>1</mn></msub><mn>2</mn></msup>", "x_{1}^{2}"),
        ("<mfrac><mi>a</mi><mrow><mi>b</mi><mi>c</mi></mrow></mfrac>", r"\frac{a}{bc}"),
        ("<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt>", r"\sqrt{a+b}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<munderover><mo>sum</mo><mn>1</mn><mi>n</mi></munderover>", r"\sum_{1}^{n}"),
        ("<mstyle><mi>x</mi><mo>rarr</mo><mn>0</mn></mstyle>", r"x\rightarrow0"),
        ("<mi>i</mi><mo>in</mo><mi>C</mi>", r"i\in C"),
        ("<mo>COMMA</mo>", ","),
        ("<mi>x</mi><mo>prime</mo><mo>=</mo><mn>1</mn>", r"x^{\prime}=1"),
        ("<mi>x</mi><mo>prime</mo><mo>prime</mo>", r"x^{\prime\prime}"),
        ("<msup><mi>x</mi><mn>2</mn></msup><mo>prime</mo>", r"x^{2}\prime"),
    ],
)
def test_elements_become_trees(content, written):
    assert latex(read(content).tree) == written


def test_symbols_are_named_and_counted_in_their_order():
    truth = read('<mfrac xml:id="b_1"><mi xml:id="68: 69:">x</mi><mi id="x_1">y</mi></mfrac>')
    assert truth.names == ("b_1", "68:69:", "x_1")
    assert truth.hrefs == ("x_1",)
    assert edges(truth.tree) == {0: (-1, "right"), 1: (0, "above"), 2: (0, "below")}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not XML"),
        (b"<ink/>", "expected MathML in an annotationXML, found none"),
        (b"<!DOCTYPE ink><ink/>", "document type declaration"),
        (FILE.format("<math><mfrac><mi>a</mi></mfrac></math>").encode(), "<mfrac>: expected 2 elements, found 1"),
        (FILE.format("<math><mtable/></math>").encode(), "expected an element that CROHME uses, found <mtable>"),
        (FILE.format("<math><msub><mrow/><mi>a</mi></msub></math>").encode(), "<msub>: expected a base, found none"),
        (b"<ink>" * 300, "more than 256 elements deep"),
        (
            FILE.format("<math><msub><msub><mi>a</mi><mi>b</mi></msub><mi>c</mi></msub></math>").encode(),
            "<msub>: expected a base without sub, found two",
        ),
    ],
)
def test_other_files_are_refused(data, reason):
    with pytest.raises(MathmlError, match=reason):
        read_truth(data)
