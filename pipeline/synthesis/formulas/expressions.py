"""Expressions as trees, their labels and their LaTeX.

    Fraction(Row((Symbol("x"), Symbol("+"), Symbol("1"))), Root(Symbol("y")))    # \\frac{x + 1}{\\sqrt{y}}

A label is CROHME's name of a symbol. The label of a fraction bar is `-`, that of a root sign is `\\sqrt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

BAR, ROOT = "-", "\\sqrt"


@dataclass(frozen=True)
class Symbol:
    """One label."""

    label: str


@dataclass(frozen=True)
class Row:
    """Parts side by side."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Fraction:
    """Two parts, one above the other, with a bar between them."""

    numerator: Node
    denominator: Node


@dataclass(frozen=True)
class Root:
    """A root, with or without an index."""

    radicand: Node
    index: Node | None = None


@dataclass(frozen=True)
class Script:
    """A part with a subscript, a superscript or both. \\sum and \\lim have them directly below and above."""

    base: Node
    below: Node | None = None
    above: Node | None = None


@dataclass(frozen=True)
class Fence:
    """A part between brackets that are as high as the part."""

    opening: str
    body: Node
    closing: str


@dataclass(frozen=True)
class Grid:
    """A matrix without its brackets: rows of cells, all of the same length."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Column:
    """Arithmetic as it is written at school: numbers under each other, a line, and the result below it.

    Attributes:
        terms: labels of each number's digits.
        operator: the label in front of the last term.
        result: labels below the line.
        carries: above each digit of the result, from the right, the label of the carry, or none.
    """

    terms: tuple[tuple[str, ...], ...]
    operator: str
    result: tuple[str, ...]
    carries: tuple[str | None, ...] = ()


Node = Symbol | Row | Fraction | Root | Script | Fence | Grid | Column


def labels(node: Node) -> Iterator[str]:
    """Yields the label of every symbol of `node`."""
    match node:
        case Symbol(label):
            yield label
        case Fraction():
            yield BAR
        case Root():
            yield ROOT
        case Fence(opening, _, closing):
            yield opening
            yield closing
        case Column(terms, operator, result, carries):
            yield from (label for label in carries if label is not None)
            for term in terms:
                yield from term
            yield from (operator, BAR, *result)
    for child in children(node):
        yield from labels(child)


def children(node: Node) -> tuple[Node, ...]:
    """Returns the direct children of `node`."""
    match node:
        case Row(parts):
            return parts
        case Fraction(numerator, denominator):
            return numerator, denominator
        case Root(radicand, index):
            return (radicand,) if index is None else (index, radicand)
        case Script(base, below, above):
            return tuple(part for part in (base, below, above) if part is not None)
        case Fence(_, body, _):
            return (body,)
        case Grid(rows):
            return tuple(cell for row in rows for cell in row)
    return ()


def latex(node: Node) -> str:
    """Returns the LaTeX of `node`, without `$`."""
    match node:
        case Symbol(label):
            return label
        case Row(parts):
            return " ".join(latex(part) for part in parts)
        case Fraction(numerator, denominator):
            return f"\\frac{{{latex(numerator)}}}{{{latex(denominator)}}}"
        case Root(radicand, index):
            return f"\\sqrt{'' if index is None else f'[{latex(index)}]'}{{{latex(radicand)}}}"
        case Script(base, below, above):
            lower = "" if below is None else f"_{{{latex(below)}}}"
            upper = "" if above is None else f"^{{{latex(above)}}}"
            return f"{latex(base)}{lower}{upper}"
        case Fence(opening, body, closing):
            return f"\\left{opening} {latex(body)} \\right{closing}"
        case Grid(rows):
            cells = " \\\\ ".join(" & ".join(latex(cell) for cell in row) for row in rows)
            return f"\\begin{{matrix}} {cells} \\end{{matrix}}"
        case Column(terms, operator, result):
            lines = [" ".join(term) for term in terms]
            lines[-1] = f"{operator} {lines[-1]}"
            lines += [f"\\hline {' '.join(result)}"]
            return "\\begin{array}{r} " + " \\\\ ".join(lines) + " \\end{array}"
