"""Which characters the embedded corpus contains."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1, SYMBOLS
from pipeline.formats.gnt import has_tag

ALL = "all"


def corpus_chars(classes: int | str, known: Iterable[str]) -> tuple[str, ...]:
    """Returns the characters that `strokes.classes` names.

    Args:
        classes: N: the first N of GB2312 level 1; `all`: all of `known` that a `.gnt` file can name, and `SYMBOLS`;
            or the characters themselves.
        known: the characters with medians.

    Raises:
        InkError: the string contains a character twice.
    """
    if isinstance(classes, int):
        return GB2312_LEVEL1[:classes]
    if classes == ALL:
        return tuple(char for char in (*known, *SYMBOLS) if has_tag(char))
    twice = sorted({char for char in classes if classes.count(char) > 1})
    if twice:
        raise InkError(f"strokes.classes: expected each character once, found {' '.join(twice)} more than once")
    return tuple(classes)
