"""Character sets and class lists: which characters are classes, and which label each one has.

A class list is a UTF-8 file with one character (or math symbol) a line; its label is its line, counted from 0. Lists
that this project writes are in code-point order.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import InkError
from pipeline.files import write_text

LEVEL1_ROWS = range(16, 56)  # GB 2312-1980: level 1 fills rows 16 to 55, 94 cells a row
LEVEL1_LAST_CELL = 89  # the last row stops here

GB2312_LEVEL1: tuple[str, ...] = tuple(
    bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312")
    for row in LEVEL1_ROWS
    for cell in range(1, 95)
    if row < LEVEL1_ROWS[-1] or cell <= LEVEL1_LAST_CELL
)
"""The 3,755 characters of GB2312 level 1 in GB2312 order (by pinyin: 啊 first, 座 last)."""

CHARSETS: dict[str, frozenset[str] | None] = {"gb2312-level1": frozenset(GB2312_LEVEL1), "all": None}
"""Named sets; None means every character."""


def class_list(chars: Iterable[str], charset: str = "all") -> tuple[str, ...]:
    """The class list of a data set: its characters that are in `charset`, each once, in code-point order.

    `charset` is a name in `CHARSETS` or the path of a class-list file. A file fixes the classes as they stand, whether
    or not they occur among `chars`, so that labels match a model that was trained with it.

    Raises:
        InkError: no character is left, or the file is no class list.
    """
    if charset not in CHARSETS:
        return read_class_list(charset)
    allowed = CHARSETS[charset]
    found = set(chars)
    classes = tuple(sorted(found if allowed is None else found & allowed))
    if not classes:
        raise InkError(
            f"expected samples of charset {charset!r}, found {len(found)} other characters and none of it; "
            "set decode.charset to `all` or to a class list that fits the data"
        )
    return classes


def allowed_chars(charset: str) -> frozenset[str] | None:
    """The characters that `charset` (see `class_list`) keeps; None keeps all."""
    return CHARSETS[charset] if charset in CHARSETS else frozenset(read_class_list(charset))


def read_class_list(path: Path | str, symbols: bool = False) -> tuple[str, ...]:
    """Reads a class-list file as it stands: of characters, or of math symbols such as `\\alpha`.

    Raises:
        InkError: unreadable, empty, a line that is not one character (one word for symbols), or one that stands twice.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        names = ", ".join(CHARSETS)
        raise InkError(
            f"{path}: expected a charset ({names}) or a readable class-list file, found neither ({error.strerror}); "
            "mend decode.charset"
        ) from error
    except UnicodeDecodeError as error:
        raise InkError(f"{path}: expected a UTF-8 class list, found other bytes at offset {error.start}") from error
    return _checked(text.removesuffix("\n").split("\n") if text else [], path, symbols)


def write_class_list(path: Path | str, classes: Iterable[str], symbols: bool = False) -> None:
    """Writes one character (or math symbol) a line, in the order given.

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
            raise InkError(f"{path}, line {number}: {line!r} stands on line {seen[line]} already; remove one of them")
        seen[line] = number
    if not seen:
        raise InkError(f"{path}: expected a class list of one {kind} a line, found an empty file")
    return tuple(seen)
