"""Decodes the bytes of an InkML file to text.

    text = decode_text(data)      # text.content; text.repaired says whether bytes were replaced

A byte order mark sets the encoding, otherwise the XML declaration (XML 1.0, appendix F); a file without either is
UTF-8. Only character sets are accepted, because Python's other codecs decompress or unescape.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MARKS = (  # UTF-32 first: its mark starts with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),  # a file without a mark begins with `<`
    (b"\0<", "utf-16-be"),
)
_DECLARATION = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]{1,40})["']""", re.ASCII)
_DECLARATION_BYTES = 200  # a declaration is only valid at the start of a file
_UTF = re.compile(r"utf-?(8|16|32)|ascii")
_CHARACTER_SET = re.compile(
    r"iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|gb2312|gbk|gb18030|hz|big5(hkscs)?|shift_jis\w*|euc_\w+|iso2022_\w+|johab|"
    r"tis-620|kz1048|ptcp154|hp-roman8"
)
_NAMES = {  # names in the IANA registry or on Windows that Python does not know
    "windows-31j": "cp932",
    "x-sjis": "shift_jis",
    "gb_2312-80": "gb2312",
    "x-gbk": "gbk",
    "windows-949": "cp949",
    "windows-874": "cp874",
}
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "cp950"}
"""Larger character sets that programs write under a declared name if a text needs them."""


class EncodingError(ValueError):
    """Bytes that cannot be decoded in the encoding of their file."""


class Text(NamedTuple):
    """The text of a file."""

    content: str  # without leading white space and byte order mark
    repaired: bool  # whether U+FFFD replaced bytes that are not UTF-8

    def check(self, part: str) -> None:
        """Refuses a part that the caller needs, if bytes in it were replaced: two names could become equal.

        Raises:
            EncodingError: bytes were replaced.
        """
        if self.repaired and REPLACEMENT in part:
            raise EncodingError(
                f"{part[:40]!r}: expected UTF-8, found other bytes; declare the file's encoding or convert it to UTF-8"
            )


def decode_text(data: bytes) -> Text:
    """Decodes a file.

    In UTF-8 files, replaces bytes that are not UTF-8, because real files contain such bytes in annotations that nobody
    reads; see `Text.check`.

    Raises:
        EncodingError: an unknown encoding, or bytes that are invalid in an encoding other than UTF-8.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Text(_strict(data, encoding).lstrip(), False)
    declared = _DECLARATION.match(data.lstrip()[:_DECLARATION_BYTES])  # a UTF-8 mark prevents a match: UTF-8 holds
    encoding = _character_set(declared[1].decode("ascii")) if declared else "utf-8"
    if encoding != "utf-8":
        return Text(_strict(data, encoding).lstrip(), False)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return Text(data.decode().lstrip(), False)
    except UnicodeDecodeError:
        return Text(data.decode(errors="replace").lstrip(), True)


def _character_set(declared: str) -> str:
    """The codec of a declared encoding. A declaration of UTF-16 or UTF-32 that is itself in ASCII is false: UTF-8."""
    try:
        name = codecs.lookup(_NAMES.get(declared.lower(), declared)).name
    except LookupError:
        name = ""
    if _UTF.match(name):
        return "utf-8"
    if not _CHARACTER_SET.fullmatch(name):
        raise EncodingError(f"unknown encoding {declared!r}: expected a character set; convert the file to UTF-8")
    return name


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if larger := _SUPERSETS.get(encoding):
            return _strict(data, larger)
        raise EncodingError(
            f"expected text in {encoding}, found the bytes {data[error.start : error.end][:8].hex(' ')} at byte "
            f"{error.start}; declare the file's encoding or convert the file to UTF-8"
        ) from error
