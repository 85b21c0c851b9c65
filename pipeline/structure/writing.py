r"""Writes symbol layout trees as LaTeX and as Presentation MathML.

    latex(row)      # \frac{a+1}{b^{2}}
    mathml(row)     # <math xmlns="http://www.w3.org/1998/Math/MathML">…</math>

Brackets are plain characters, since a reading may lack one of a pair. What any tree gives is valid: KaTeX and
latex2mathml parse it.
"""

from __future__ import annotations

from string import ascii_letters, digits
from xml.sax.saxutils import escape

from pipeline.structure.tree import BAR, LIMITS, RADICAL, Node, Row

_LETTERS, _DIGITS = frozenset(ascii_letters), frozenset(digits)
_SIGNS = {
    "\\Delta": "Δ", "\\alpha": "α", "\\beta": "β", "\\div": "÷", "\\exists": "∃", "\\forall": "∀", "\\gamma": "γ",
    "\\geq": "≥", "\\gt": ">", "\\in": "∈", "\\infty": "∞", "\\int": "∫", "\\lambda": "λ", "\\ldots": "…",
    "\\leq": "≤", "\\lt": "<", "\\mu": "μ", "\\neq": "≠", "\\phi": "φ", "\\pi": "π", "\\pm": "±", "\\prime": "′",
    "\\rightarrow": "→", "\\sigma": "σ", "\\sqrt": "√", "\\sum": "∑", "\\theta": "θ", "\\times": "×", "-": "−",
}  # fmt: skip
_IDENTIFIERS = frozenset(
    {
        "\\Delta", "\\alpha", "\\beta", "\\gamma", "\\lambda", "\\mu", "\\phi", "\\pi", "\\sigma", "\\theta",
        "\\sin", "\\cos", "\\tan", "\\log", "\\lim",
    }
)  # fmt: skip


def latex(row: Row) -> str:
    """Returns the LaTeX of a tree, without `$`."""
    text = ""
    for node in row:
        piece = _latex(node)
        if _ends_with_command(text) and piece[0] in _LETTERS:
            text += " "
        text += piece
    return text


def _latex(node: Node) -> str:
    above, below, core = node.above, node.below, node.label
    if core == BAR and (above or below):
        core, above, below = f"\\frac{{{latex(above)}}}{{{latex(below)}}}", (), ()
    elif core == RADICAL:
        index = latex(node.index)
        index = f"{{{index}}}" if "]" in index else index
        core = f"\\sqrt{f'[{index}]' if index else ''}{{{latex(node.inside)}}}"
    sup, sub = node.sup, node.sub
    if node.label in LIMITS:
        sup, sub, above, below = above + sup, below + sub, (), ()
    if below:
        core = f"\\underset{{{latex(below)}}}{{{core}}}"
    if above:
        core = f"\\overset{{{latex(above)}}}{{{core}}}"
    lower = f"_{{{latex(sub)}}}" if sub else ""
    upper = f"^{{{latex(sup)}}}" if sup else ""
    return core + lower + upper


def _ends_with_command(text: str) -> bool:
    before = text.rstrip(ascii_letters)
    return before != text and before.endswith("\\")


def mathml(row: Row) -> str:
    """Returns the Presentation MathML of a tree (https://www.w3.org/TR/mathml-core/)."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{_row(row)}</math>'


def _row(row: Row) -> str:
    pieces: list[str] = []
    number = ""
    for node in row:
        if node.label in _DIGITS and not any(node.around()):
            number += node.label
            continue
        if number:
            pieces.append(f"<mn>{number}</mn>")
            number = ""
        pieces.append(_element(node))
    if number:
        pieces.append(f"<mn>{number}</mn>")
    return pieces[0] if len(pieces) == 1 else f"<mrow>{''.join(pieces)}</mrow>"


def _element(node: Node) -> str:
    above, below = node.above, node.below
    if node.label == BAR and (above or below):
        core, above, below = f"<mfrac>{_row(above)}{_row(below)}</mfrac>", (), ()
    elif node.label == RADICAL:
        inside = _row(node.inside)
        core = f"<mroot>{inside}{_row(node.index)}</mroot>" if node.index else f"<msqrt>{inside}</msqrt>"
    else:
        core = _token(node.label)
    core = _scripted(core, below, above, ("munder", "mover", "munderover"))
    return _scripted(core, node.sub, node.sup, ("msub", "msup", "msubsup"))


def _scripted(core: str, lower: Row, upper: Row, tags: tuple[str, str, str]) -> str:
    rows = [_row(part) for part in (lower, upper) if part]
    if not rows:
        return core
    tag = tags[2] if len(rows) == 2 else tags[0] if lower else tags[1]
    return f"<{tag}>{core}{''.join(rows)}</{tag}>"


def _token(label: str) -> str:
    if label in _DIGITS:
        return f"<mn>{label}</mn>"
    text = escape(_SIGNS.get(label, label.removeprefix("\\")))
    tag = "mi" if label in _LETTERS or label in _IDENTIFIERS else "mo"
    return f"<{tag}>{text}</{tag}>"
