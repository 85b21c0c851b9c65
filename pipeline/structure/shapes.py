r"""How symbols stand on their line: the size of each, and the height of its centre, in units of a full-size digit.

shape = shape_of("g")       # shape.centre = 0.1, shape.length = 1.0: half of a g is below the baseline
"""

from __future__ import annotations

from typing import NamedTuple

AXIS = 0.45  # height of the centre of brackets, fractions and signs that grow


class Shape(NamedTuple):
    """Typical extent of a symbol.

    Attributes:
        centre: height of its centre above the baseline.
        length: its height, or a share of its width if that is larger; None if neither tells the size of the writing.
        spread: standard deviation of the logarithm of a writer's length.
        across: that share: letters are often wider than they should be, signs are as long as they are wide.
    """

    centre: float
    length: float | None
    spread: float
    across: float = 1.0


_DIGIT = Shape(0.5, 1.0, 0.3, 0.5)
_SMALL = Shape(0.31, 0.62, 0.35, 0.5)
_DESCENDING = Shape(0.1, 1.0, 0.35, 0.5)
_TALL_DESCENDING = Shape(0.3, 1.3, 0.4, 0.5)
_WORD = Shape(0.4, 1.6, 0.4)
BRACKET = Shape(AXIS, 1.35, 0.45)
_OPERATOR = Shape(0.38, 0.72, 0.45)
_BAR = Shape(0.38, 0.72, 0.6)
_DOT = Shape(0.0, None, 1.0)
SIGN = Shape(AXIS, None, 1.0)

_SHAPES = {
    "\\prime": Shape(0.85, None, 1.0),
    "-": _BAR,
    "0": Shape(0.46, 0.9, 0.3, 0.5),
    **dict.fromkeys((*"acemnorsuvwxz", "\\alpha", "\\pi", "\\sigma"), _SMALL),
    **dict.fromkeys((*"gpqy", "\\gamma", "\\mu"), _DESCENDING),
    **dict.fromkeys(("j", "f", "\\beta", "\\phi"), _TALL_DESCENDING),
    **dict.fromkeys(("\\sin", "\\cos", "\\tan", "\\log", "\\lim"), _WORD),
    **dict.fromkeys((*"()[]|/", "\\{", "\\}"), BRACKET),
    **dict.fromkeys((*"+=", "\\times", "\\div", "\\pm", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\in"), _OPERATOR),
    **dict.fromkeys((",", ".", "\\ldots"), _DOT),
    **dict.fromkeys(("\\rightarrow", "\\infty", "\\int", "\\sum", "\\sqrt"), SIGN),
}


def shape_of(label: str) -> Shape:
    """Returns the shape of a symbol; capitals, letters with an ascender and unknown symbols are like digits."""
    return _SHAPES.get(label, _DIGIT)
