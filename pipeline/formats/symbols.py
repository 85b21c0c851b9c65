r"""The 101 symbols of CROHME 2014 and the project's spelling of each.

    LABELS[canonical("COMMA")] == LABELS[","]

Symbols are spelt in LaTeX, as in CROHME. `-` is both minus sign and fraction bar, the box of `\sqrt` encloses the
radicand, and `\sin \cos \tan \log \lim` are one symbol each. Source: Mouchère et al. 2014, "ICFHR 2014 Competition on
Recognition of On-line Handwritten Mathematical Expressions".
"""

from __future__ import annotations

from types import MappingProxyType

_CHARACTERS = "!()+,-./0123456789=ABCEFGHILMNPRSTVXY[]abcdefghijklmnopqrstuvwxyz|"
_COMMANDS = (
    "Delta alpha beta cos div exists forall gamma geq gt in infty int lambda ldots leq lim log lt mu neq phi pi pm "
    "prime rightarrow sigma sin sqrt sum tan theta times { }"
)

CROHME_SYMBOLS: tuple[str, ...] = tuple(sorted([*_CHARACTERS, *(f"\\{name}" for name in _COMMANDS.split())]))
"""The class list of the math branch, in code-point order; a label is an index into this list."""

LABELS = MappingProxyType({symbol: label for label, symbol in enumerate(CROHME_SYMBOLS)})
"""Label of each symbol."""

_SPELLINGS = {
    "COMMA": ",",
    "<": r"\lt",
    ">": r"\gt",
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\ne": r"\neq",
    r"\to": r"\rightarrow",
    r"\dots": r"\ldots",
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    "{": r"\{",
    "}": r"\}",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\vert": "|",
    "'": r"\prime",
    "\N{MINUS SIGN}": "-",
}


def canonical(label: str) -> str:
    """The project's spelling of a symbol. Returns an unknown symbol unchanged, except for outer white space."""
    label = label.strip()
    return _SPELLINGS.get(label, label)
