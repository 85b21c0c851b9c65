"""Character sets and class lists: which characters are classes, and which label each class has.

Both are UTF-8 files with one character (or math symbol) per line. A charset says which characters of a source are kept:
`data/charsets` holds those that the project ships, and `*` as its only line keeps all. A class list gives labels: the
label of a class is its line, counted from 0. The lists that this project writes are in code-point order.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pipeline.errors import InkError
from pipeline.files import write_text

Classes = Literal["found", "charset"]

LEVEL1_ROWS = range(16, 56)  # GB 2312-1980: level 1 fills rows 16 to 55, 94 cells a row
LEVEL1_LAST_CELL = 89  # the last row stops here

GB2312_LEVEL1: tuple[str, ...] = tuple(
    bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312")
    for row in LEVEL1_ROWS
    for cell in range(1, 95)
    if row < LEVEL1_ROWS[-1] or cell <= LEVEL1_LAST_CELL
)
"""The 3,755 characters of GB2312 level 1 in GB2312 order (by pinyin: 啊 first, 座 last)."""

EVERY = "*"  # as the only line of a charset: every character
Charset = frozenset[str] | None
"""The characters that are kept; None keeps all."""


def read_charset(path: Path | str) -> Charset:
    """Reads a charset file.

    Raises:
        InkError: as `read_class_list`.
    """
    chars = read_class_list(path)
    return None if chars == (EVERY,) else frozenset(chars)


def class_list(chars: Iterable[str], charset: Path | str, classes: Classes = "found") -> tuple[str, ...]:
    """The class list of a data set.

    Args:
        chars: the characters of its samples.
        charset: path of a charset file.
        classes: `found` lists the characters that occur and are in the charset, in code-point order. `charset` takes
            the lines of the file as they stand, whether they occur or not: labels then match a model that was trained
            with this list.

    Raises:
        InkError: no character is left, or the file is no class list.
    """
    allowed = read_charset(charset)
    if classes == "charset":
        if allowed is None:
            raise InkError(
                f"{charset}: expected a list of characters, found {EVERY!r}, which has no order; name a list in "
                "decode.charset, or set decode.classes to found"
            )
        return read_class_list(charset)
    found = set(chars)
    kept = tuple(sorted(found if allowed is None else found & allowed))
    if not kept:
        raise InkError(
            f"{charset}: expected characters of this charset, found {len(found)} others; set decode.charset to "
            "data/charsets/all.txt or to a list that fits the data"
        )
    return kept


def read_class_list(path: Path | str, symbols: bool = False) -> tuple[str, ...]:
    """Reads a class-list file: of characters, or of math symbols such as `\\alpha`.

    Raises:
        InkError: unreadable, empty, a line that is not one character (one word for symbols), or one that stands twice.
    """
    path, kind = Path(path), "symbol" if symbols else "character"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InkError(
            f"{path}: expected a file with one {kind} per line, found {error.strerror}; name one in its place, "
            "such as data/charsets/gb2312-level1.txt"
        ) from error
    except UnicodeDecodeError as error:
        raise InkError(f"{path}: expected a UTF-8 class list, found other bytes at offset {error.start}") from error
    return _checked(text.removesuffix("\n").split("\n") if text else [], path, symbols)


def write_class_list(path: Path | str, classes: Iterable[str], symbols: bool = False) -> None:
    """Writes one character (or math symbol) per line, in the order given.

    Raises:
        InkError: as `read_class_list`.
    """
    write_text(path, "".join(f"{char}\n" for char in _checked(list(classes), Path(path), symbols)))


def _checked(lines: list[str], path: Path, symbols: bool) -> tuple[str, ...]:
    kind = "symbol" if symbols else "character"
    seen: dict[str, int] = {}
    for number, line in enumerate((line.removesuffix("\r") for line in lines), start=1):
        if (line.split() != [line]) if symbols else len(line) != 1:
            raise InkError(f"{path}, line {number}: expected one {kind}, found {line!r}; mend that line")
        if line in seen:
            raise InkError(f"{path}, line {number}: {line!r} is on line {seen[line]} already; remove one of them")
        seen[line] = number
    if not seen:
        raise InkError(f"{path}: expected one {kind} per line, found an empty file")
    return tuple(seen)
