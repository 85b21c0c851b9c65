r"""The 101 symbols of CROHME 2014 and the one spelling that this project has for each.

    LABELS[canonical("COMMA")] == LABELS[","]

Labels are LaTeX, as CROHME writes it. `-` is the minus sign and the fraction bar, the box of `\sqrt` encloses what is
below the root, and `\sin \cos \tan \log \lim` are one symbol each. Source: Mouchère et al. 2014, "ICFHR 2014
Competition on Recognition of On-line Handwritten Mathematical Expressions".
"""

from __future__ import annotations

from types import MappingProxyType

_CHARACTERS = "!()+,-./0123456789=ABCEFGHILMNPRSTVXY[]abcdefghijklmnopqrstuvwxyz|"
_COMMANDS = (
    "Delta alpha beta cos div exists forall gamma geq gt in infty int lambda ldots leq lim log lt mu neq phi pi pm "
    "prime rightarrow sigma sin sqrt sum tan theta times { }"
)

CROHME_SYMBOLS: tuple[str, ...] = tuple(sorted([*_CHARACTERS, *(f"\\{name}" for name in _COMMANDS.split())]))
"""The class list of the math branch, in code-point order; a label is an index into it."""

LABELS = MappingProxyType({symbol: label for label, symbol in enumerate(CROHME_SYMBOLS)})
"""Symbol to label."""

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
    """The project's spelling of a symbol; a label that no spelling is known for comes back without outer blanks."""
    label = label.strip()
    return _SPELLINGS.get(label, label)
