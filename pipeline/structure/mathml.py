"""Reads the Presentation MathML of CROHME's InkML files: the true structure of a formula.

    truth = read_truth(data)        # truth.tree, and truth.names: the id of each of its symbols
    truth.hrefs                     # the ids that the trace groups name, in file order

Rows within rows are flattened, and a script belongs to the last symbol of its base. A prime beside a symbol is its
superscript: files state it in either way, and a reader sees one formula. The reader is as safe as that of the ink:
expat, no document type declaration, limits on depth and size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from xml.parsers import expat

from pipeline.formats.symbols import LABELS, canonical
from pipeline.structure.tree import BAR, RADICAL, Node, Relation, Row, with_rows

MAX_BYTES = 1 << 24
MAX_DEPTH = 256
PRIME = "\\prime"
LEAVES = frozenset({"mi", "mo", "mn", "mtext"})
SCRIPTS: dict[str, tuple[Relation, ...]] = {
    "msub": ("sub",),
    "msup": ("sup",),
    "msubsup": ("sub", "sup"),
    "munder": ("below",),
    "mover": ("above",),
    "munderover": ("below", "above"),
}
ROWS = frozenset({"math", "mrow", "mstyle"})
# Some files spell the name of a sign as text, without backslash, or as HTML does.
_HTML = {
    "le": "leq",
    "ge": "geq",
    "ne": "neq",
    "infin": "infty",
    "rarr": "rightarrow",
    "hellip": "ldots",
    "exist": "exists",
}


class MathmlError(ValueError):
    """MathML that is missing, broken, or has elements that CROHME does not use."""


class Truth(NamedTuple):
    """The structure that a file states.

    Attributes:
        tree: its symbols are numbered in the order of the document.
        names: the id of each symbol, "" if it has none.
        hrefs: the ids that the trace groups name, in file order.
    """

    tree: Row
    names: tuple[str, ...]
    hrefs: tuple[str, ...]


@dataclass
class _Element:
    tag: str
    name: str = ""
    text: str = ""
    children: list[_Element] = field(default_factory=list)


def read_truth(data: bytes) -> Truth:
    """Reads the structure of an InkML file.

    Raises:
        MathmlError: not XML, over a limit, no MathML, or an element that CROHME does not use.
    """
    if len(data) > MAX_BYTES:
        raise MathmlError(f"too large: {len(data)} bytes, at most {MAX_BYTES} are read")
    collector = _Collector()
    try:
        collector.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise MathmlError(f"not XML: {error}") from error
    if collector.math is None:
        raise MathmlError("expected MathML in an annotationXML, found none")
    builder = _Builder()
    tree = builder.row(collector.math)
    return Truth(tree, tuple(builder.names), tuple(collector.hrefs))


class _Collector:
    """Keeps the first `math` element of a file, and what the trace groups refer to."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.math: _Element | None = None
        self.hrefs: list[str] = []
        self._open: list[_Element] = []
        self._depth = 0

    def _refuse(self, *_: object) -> None:
        raise MathmlError("a document type declaration: not allowed")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise MathmlError(f"more than {MAX_DEPTH} elements deep")
        tag = tag.rpartition(":")[2]
        if tag == "annotationXML" and "href" in attributes:
            self.hrefs.append(attributes["href"])
        if self._open or (tag == "math" and self.math is None):
            element = _Element(tag, attributes.get("xml:id", attributes.get("id", "")))
            if self._open:
                self._open[-1].children.append(element)
            else:
                self.math = element
            self._open.append(element)

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            self._open.pop()

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text


class _Builder:
    """Turns elements into rows, and numbers the symbols."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def row(self, element: _Element) -> Row:
        """Returns the row of an element: of its children, if it only groups them."""
        tag, children = element.tag, element.children
        if tag in LEAVES:
            return (self._node(element, _label(element.text)),)
        if tag in ROWS:
            return _primed(node for child in children for node in self.row(child))
        if tag in SCRIPTS:
            return self._scripts(element)
        if tag == "mfrac":
            self._expect(element, 2)
            bar = self._node(element, BAR)
            return (replace(bar, above=self.row(children[0]), below=self.row(children[1])),)
        if tag == "msqrt":
            root = self._node(element, RADICAL)
            return (replace(root, inside=_primed(node for child in children for node in self.row(child))),)
        if tag == "mroot":
            self._expect(element, 2)
            root = self._node(element, RADICAL)
            return (replace(root, inside=self.row(children[0]), index=self.row(children[1])),)
        raise MathmlError(f"expected an element that CROHME uses, found <{tag[:40]}>")

    def _scripts(self, element: _Element) -> Row:
        names = SCRIPTS[element.tag]
        self._expect(element, len(names) + 1)
        base = self.row(element.children[0])
        if not base:
            raise MathmlError(f"<{element.tag}>: expected a base, found none")
        around = {name: self.row(child) for name, child in zip(names, element.children[1:], strict=True)}
        taken = [name for name in names if getattr(base[-1], name)]
        if taken:
            raise MathmlError(f"<{element.tag}>: expected a base without {taken[0]}, found two")
        return (*base[:-1], with_rows(base[-1], around))

    def _node(self, element: _Element, label: str) -> Node:
        self.names.append("".join(element.name.split()))
        return Node(len(self.names) - 1, label)

    @staticmethod
    def _expect(element: _Element, count: int) -> None:
        if len(element.children) != count:
            raise MathmlError(f"<{element.tag}>: expected {count} elements, found {len(element.children)}")


def _primed(row: Iterable[Node]) -> Row:
    """Returns the row with each prime that follows a symbol as its superscript."""
    primed: list[Node] = []
    for node in row:
        if node.label == PRIME and primed and all(one.label == PRIME for one in primed[-1].sup):
            primed[-1] = replace(primed[-1], sup=(*primed[-1].sup, node))
        else:
            primed.append(node)
    return tuple(primed)


def _label(text: str) -> str:
    text = text.strip()
    command = f"\\{_HTML.get(text, text)}"
    return command if len(text) > 1 and command in LABELS else canonical(text)
