"""Character sets and class lists: they define the classes and the label of each class.

Both are UTF-8 files with one character (or math symbol) per line. A charset selects the characters of a source to keep:
`data/charsets` holds the project's charsets, and `*` as the only line keeps all. A class list defines labels: the label
of a class is its line, counted from 0. This project writes class lists in code-point order.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pipeline.errors import InkError
from pipeline.files import write_text

Classes = Literal["found", "charset"]

LEVEL1_ROWS = range(16, 56)  # GB 2312-1980: level 1 fills rows 16 to 55, with 94 cells per row
LEVEL1_LAST_CELL = 89  # of the last row

GB2312_LEVEL1: tuple[str, ...] = tuple(
    bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312")
    for row in LEVEL1_ROWS
    for cell in range(1, 95)
    if row < LEVEL1_ROWS[-1] or cell <= LEVEL1_LAST_CELL
)
"""The 3,755 characters of GB2312 level 1 in GB2312 order (by pinyin: 啊 first, 座 last)."""

SYMBOLS: tuple[str, ...] = tuple(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+,/:;<=>?@[]{}~、。《》「」【】…￥“”"
)
"""What people write among Chinese characters: digits, Latin letters and the punctuation that has a shape of its own.

HWDB's extra classes also have marks that a picture without its line cannot distinguish from these or from 一 and 丨
(- _ — | . ' `).
"""

EVERY = "*"  # as the only line of a charset: keeps every character
Charset = frozenset[str] | None
"""The characters to keep; None keeps all."""


def read_charset(path: Path | str) -> Charset:
    """Reads a charset file.

    Raises:
        InkError: see `read_class_list`.
    """
    chars = read_class_list(path)
    return None if chars == (EVERY,) else frozenset(chars)


def class_list(chars: Iterable[str], charset: Path | str, classes: Classes = "found") -> tuple[str, ...]:
    """The class list of a data set.

    Args:
        chars: the characters of its samples.
        charset: path of a charset file.
        classes: `found` lists the characters that occur and are in the charset, in code-point order. `charset` takes
            all lines of the file in their order, even for characters that do not occur: the labels then match a model
            that was trained with this list.

    Raises:
        InkError: no character is left, or the file is not a class list.
    """
    allowed = read_charset(charset)
    if classes == "charset":
        if allowed is None:
            raise InkError(
                f"{charset}: expected a list of characters, found {EVERY!r}, which has no order; set decode.charset to "
                "a list, or decode.classes to found"
            )
        return read_class_list(charset)
    found = set(chars)
    kept = tuple(sorted(found if allowed is None else found & allowed))
    if not kept:
        raise InkError(
            f"{charset}: expected characters of this charset, found {len(found)} others; set decode.charset to "
            "data/charsets/all.txt or to a list that matches the data"
        )
    return kept


def read_class_list(path: Path | str, symbols: bool = False) -> tuple[str, ...]:
    """Reads a class list of characters or, with `symbols`, of math symbols such as `\\alpha`.

    Raises:
        InkError: an unreadable or empty file, a line that is not one character (for symbols: one word), or a line that
            occurs twice.
    """
    path, kind = Path(path), "symbol" if symbols else "character"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InkError(
            f"{path}: expected a file with one {kind} per line, found {error.strerror}; set a path that exists, "
            "such as data/charsets/gb2312-level1.txt"
        ) from error
    except UnicodeDecodeError as error:
        raise InkError(f"{path}: expected a UTF-8 class list, found other bytes at offset {error.start}") from error
    return _checked(text.removesuffix("\n").split("\n") if text else [], path, symbols)


def write_class_list(path: Path | str, classes: Iterable[str], symbols: bool = False) -> None:
    """Writes one character (or math symbol) per line, in the given order.

    Raises:
        InkError: see `read_class_list`.
    """
    write_text(path, "".join(f"{char}\n" for char in _checked(list(classes), Path(path), symbols)))


def _checked(lines: list[str], path: Path, symbols: bool) -> tuple[str, ...]:
    kind = "symbol" if symbols else "character"
    seen: dict[str, int] = {}
    for number, line in enumerate((line.removesuffix("\r") for line in lines), start=1):
        if (line.split() != [line]) if symbols else len(line) != 1:
            raise InkError(f"{path}, line {number}: expected one {kind}, found {line!r}; correct that line")
        if line in seen:
            raise InkError(f"{path}, line {number}: {line!r} is also on line {seen[line]}; remove one of them")
        seen[line] = number
    if not seen:
        raise InkError(f"{path}: expected one {kind} per line, found an empty file")
    return tuple(seen)
