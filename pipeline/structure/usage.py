r"""What is usual in formulas: how plausible each place of a symbol beside another is, whatever their boxes.

    usual("letter", "digit")    # right=-5.0, sup=-0.4, sub=-1.2: in x2, the digit is hardly ever on the line

The values are logarithms of rounded frequencies by kind of symbol. They were set by hand after a look at counts in
CROHME's training set and test 2013; no program fitted them. They say what readers of formulas know: digits beside
digits are numbers, signs have no scripts, dx is a differential, n and i are indices, e has exponents.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

Kind = Literal[
    "digit", "letter", "index", "differential", "euler", "capital", "greek", "word", "operator", "minus", "relation",
    "opening", "closing", "separator", "factorial", "big", "bar", "root", "prime", "fraction", "other",
]  # fmt: skip

_MEMBERS: dict[Kind, tuple[str, ...]] = {
    "digit": tuple("0123456789"),
    "letter": tuple("abcfghorstuvwxyz"),
    "index": tuple("ijklmnpq"),
    "differential": ("d",),
    "euler": ("e",),
    "capital": tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "greek": (
        "\\alpha", "\\beta", "\\gamma", "\\lambda", "\\mu", "\\phi", "\\pi", "\\sigma", "\\theta", "\\Delta",
    ),
    "word": ("\\sin", "\\cos", "\\tan", "\\log", "\\lim"),
    "operator": ("+", "\\times", "\\div", "\\pm", "/"),
    "minus": ("-",),
    "relation": ("=", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\in", "\\rightarrow"),
    "opening": ("(", "[", "\\{"),
    "closing": (")", "]", "\\}"),
    "separator": (",", ".", "\\ldots"),
    "factorial": ("!",),
    "big": ("\\sum", "\\int"),
    "bar": ("|",),
    "root": ("\\sqrt",),
    "prime": ("\\prime",),
}  # fmt: skip
_KINDS: dict[str, Kind] = {label: kind for kind, labels in _MEMBERS.items() for label in labels}
LETTERS = frozenset({"letter", "index", "differential", "euler"})
DEMANDING = frozenset({"operator", "minus", "relation", "separator"})
"""Kinds of symbols that something follows in the same row."""
WITHOUT_SCRIPTS = DEMANDING | {"opening"}


class Usual(NamedTuple):
    """Logarithms of how usual each place of a symbol beside another is."""

    right: float
    sup: float
    sub: float


NEVER = -9.0
# What holds for all small letters beside a symbol of another kind.
_LETTER: dict[str, tuple[float, float, float]] = {
    "digit": (-0.2, -2.0, -6.0), "letter": (-0.3, -2.3, -2.3), "index": (-0.3, -3.0, -2.5),
    "differential": (-0.05, -5.5, -4.0), "euler": (-0.7, -1.0, -3.0), "capital": (-0.8, -2.4, -1.0),
    "greek": (-0.6, -3.2, -1.5), "closing": (-0.4, -1.2, -5.0), "word": (-0.1, -4.0, -3.5),
    "root": (-0.5, -1.0, NEVER), "big": (-1.0, -1.0, -1.0), "": (0.0, -3.5, -5.0),
}  # fmt: skip
_ONLY_RIGHT = {"": (0.0, NEVER, NEVER)}
# By the kind of the symbol that is placed, then by that of the one before; "" is any other.
_USUAL: dict[Kind, dict[str, tuple[float, float, float]]] = {
    "digit": {
        "digit": (0.0, -3.0, -7.0), "letter": (-5.0, -0.4, -1.2), "capital": (-5.0, -0.7, -0.7),
        "greek": (-5.0, -1.5, -0.3), "closing": (-5.0, -0.1, -2.5), "word": (-0.9, -1.6, -0.9),
        "bar": (-2.0, -0.5, -3.0), "root": (-1.0, -1.0, NEVER), "big": (-2.5, -0.8, -0.8), "": (-0.5, -1.5, -3.0),
    },
    "letter": _LETTER,
    "index": _LETTER | {
        "digit": (-0.2, -1.8, -6.0), "letter": (-1.6, -1.9, -0.3), "index": (-0.5, -2.6, -1.4),
        "differential": (-0.3, -4.5, -1.8), "euler": (-1.5, -0.8, -1.2), "capital": (-1.5, -2.4, -0.4),
        "greek": (-0.9, -3.0, -0.6), "closing": (-0.8, -0.7, -5.0), "word": (-0.1, -4.0, -3.0),
        "root": (-0.7, -0.7, NEVER),
    },
    "differential": _LETTER | {
        "letter": (-0.2, -3.0, -3.5), "index": (-0.2, -3.5, -3.5), "euler": (-0.3, -2.5, -3.5),
    },
    "euler": _LETTER | {"letter": (-0.5, -3.3, -1.6)},
    "capital": {
        "digit": (0.0, -4.0, -5.0), "letter": (-0.3, -2.2, -1.8), "capital": (-0.3, -2.5, -1.7),
        "greek": (-0.5, -2.5, -1.5), "closing": (-0.2, -1.7, -5.0), "big": (-0.7, -1.2, -1.2), "": (0.0, -4.0, -4.0),
    },
    "greek": {
        "digit": (0.0, -4.0, -6.0), "letter": (-0.3, -2.2, -2.2), "capital": (-0.5, -2.5, -1.0),
        "big": (-0.7, -1.5, -1.5), "": (0.0, -3.5, -4.0),
    },
    "word": {"big": (-0.5, -2.5, -2.5), "": (0.0, -5.0, NEVER)},
    "operator": {"big": (-1.5, -1.5, -3.0), "": (0.0, -7.0, -8.0)},
    "minus": {
        "digit": (0.0, -3.0, -8.0), "euler": (-1.0, -0.6, -7.0), "closing": (-0.1, -2.2, -7.0),
        "big": (-1.0, -1.5, -1.5), "": (0.0, -3.0, -7.0),
    },
    "relation": {"": (0.0, -7.0, NEVER)},
    "opening": {"digit": (-0.2, -1.8, -7.0), "euler": (-0.5, -1.0, -7.0), "": (0.0, -4.0, -7.0)},
    "closing": _ONLY_RIGHT,
    "separator": _ONLY_RIGHT,
    "factorial": _ONLY_RIGHT,
    "big": {"": (-0.2, -2.0, -6.0)},
    "bar": {"digit": (-0.5, -1.5, -7.0), "closing": (-0.5, -1.5, -6.0), "": (0.0, -4.0, -5.0)},
    "root": {"big": (-0.5, -2.5, -2.5), "": (0.0, -3.0, -5.0)},
    "prime": {"": (-6.0, 0.0, NEVER)},
    "fraction": {
        "digit": (-0.4, -1.2, NEVER), "letter": (-1.0, -0.4, -6.0), "capital": (-0.3, -1.5, -6.0),
        "greek": (-0.3, -1.5, -6.0), "closing": (-3.0, -0.1, NEVER), "big": (-0.5, -2.5, -2.5), "": (0.0, -3.0, -6.0),
    },
    "other": {"digit": (0.0, -3.0, -6.0), "big": (-3.0, -0.3, -3.0), "": (-0.3, -2.0, -3.0)},
}  # fmt: skip
_AFTER_FRACTION = Usual(0.0, -4.0, -7.0)
# How usual it is that a script goes on after a symbol of some kind, by the kind of the next.
_GOING_ON: dict[str, dict[str, float]] = {
    "digit": {"digit": -1.5, "closing": 0.0, "": -3.5},
    "letter": {
        "operator": -0.7, "minus": -0.7, "letter": -1.0, "separator": -1.2, "closing": 0.0, "bar": -1.5, "": -2.5,
    },
    "": {"closing": 0.0, "": -1.5},
}  # fmt: skip
RELATION_IN_SCRIPT = -5.0


def kind_of(label: str) -> Kind:
    """Returns the kind of a symbol; a bar is a minus."""
    return _KINDS.get(label, "other")


@cache
def usual(parent: Kind, kind: Kind) -> Usual:
    """Returns how usual the places of a symbol of one kind are beside one of another."""
    if parent == "fraction":
        return _AFTER_FRACTION
    row = _USUAL[kind]
    values = row.get(parent) or (row.get("letter") if parent in LETTERS else None) or row[""]
    return Usual(*values)


def going_on(last: Kind, kind: Kind) -> float:
    """Returns how usual it is that a script goes on with a symbol after its last one."""
    if last in WITHOUT_SCRIPTS:
        return 0.0
    if kind == "relation":
        return RELATION_IN_SCRIPT
    row = _GOING_ON.get(_merged(last), _GOING_ON[""])
    return row.get(_merged(kind), row[""])


def _merged(kind: Kind) -> str:
    return "letter" if kind in LETTERS else kind
