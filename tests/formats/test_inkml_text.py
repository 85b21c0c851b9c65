"""Encodings of InkML: the declared encoding is used; invalid bytes are refused, so that no two names become equal."""

import codecs

import pytest

from pipeline.formats.inkml_text import EncodingError, Text, decode_text

SPELLED = '<?xml version="1.0" encoding="{}"?><ink>{}</ink>'


def reason(data):
    with pytest.raises(EncodingError) as error:
        decode_text(data)
    return str(error.value)


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("GB2312", "gb2312", "张三"),
        ("gb2312", "gbk", "張三"),  # beyond GB2312, as Windows writes it
        ("x-gbk", "gbk", "張三"),
        ("GB18030", "gb18030", "𠀀"),
        ("Big5", "big5", "張三"),
        ("Shift_JIS", "shift_jis", r"\alpha 表"),  # whose last byte is a backslash's
        ("Shift_JIS", "cp932", "髙橋①"),
        ("Windows-31J", "cp932", "髙橋①"),
        ("EUC-JP", "euc_jp", "田中"),
        ("ISO-2022-JP", "iso2022_jp", "田中"),
        ("EUC-KR", "euc_kr", "김철수"),
        ("euc-kr", "cp949", "똠"),
        ("ks_c_5601-1987", "euc_kr", "김철수"),
        ("windows-1252", "cp1252", "Zoë €"),
        ("ISO-8859-1", "latin-1", "Zoë"),
        ("iso-8859-15", "iso8859-15", "Zoë €"),
        ("KOI8-R", "koi8-r", "Иван"),
        ("windows-1251", "cp1251", "Иван"),
        ("TIS-620", "tis-620", "สมชาย"),
        ("macintosh", "mac-roman", "Zoë"),
        ("UTF-8", "utf-8", "张三"),
        ("us-ascii", "utf-8", "张三"),
        ("UTF-16", "utf-8", "张三"),  # false: a file in UTF-16 cannot be read byte by byte
    ],
)
def test_a_declared_encoding_is_read(declared, codec, name):
    spelled = SPELLED.format(declared, name)
    assert decode_text(spelled.encode(codec)) == Text(spelled, False)
    assert decode_text(b"\r\n " + spelled.encode(codec)) == Text(spelled, False)


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
    ],
)
def test_a_byte_order_mark_decides(mark, codec):
    spelled = SPELLED.format("GB2312", "张三")
    assert decode_text(mark + spelled.encode(codec)) == Text(spelled, False)


@pytest.mark.parametrize("data", [b"", b" \r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_LE])
def test_nothing_is_no_text(data):
    assert decode_text(data) == Text("", False)


@pytest.mark.parametrize(
    "declared",
    ["no-such", "hex", "rot13", "zlib", "punycode", "idna", "unicode_escape", "utf-7", "undefined", "aliases"],
)
def test_an_encoding_that_is_no_character_set_is_refused(declared):
    assert reason(SPELLED.format(declared, "").encode()) == (
        f"unknown encoding {declared!r}: expected a character set; convert the file to UTF-8"
    )


@pytest.mark.parametrize(
    ("declared", "bad", "shown"),
    [
        ("GB2312", b"\xff", "in gb18030, found the bytes ff at byte 44"),
        ("EUC-KR", b"\x80", "in cp949, found the bytes 80 at byte 44"),
        ("windows-1252", b"\x81", "in cp1252, found the bytes 81 at byte 50"),
    ],
)
def test_bytes_that_the_declared_encoding_does_not_have_are_refused(declared, bad, shown):
    data = SPELLED.format(declared, "{}").encode().replace(b"{}", bad)
    assert reason(data) == f"expected text {shown}; declare the file's encoding or convert the file to UTF-8"


def test_half_of_a_character_of_utf_16_is_refused():
    assert reason(codecs.BOM_UTF16_LE + "<ink/>".encode("utf-16-le") + b"x").startswith("expected text in utf-16, ")


def test_bytes_that_are_not_utf_8_are_replaced_but_not_used():
    text = decode_text(b"<ink>\xb7 x</ink>")
    assert text == Text("<ink>\N{REPLACEMENT CHARACTER} x</ink>", True)
    text.check("x")
    with pytest.raises(
        EncodingError, match=r"^'\N{REPLACEMENT CHARACTER} x': expected UTF-8, found other bytes; declare"
    ):
        text.check("\N{REPLACEMENT CHARACTER} x")


def test_a_replacement_character_of_the_file_itself_is_text_like_any_other():
    text = decode_text("<ink>\N{REPLACEMENT CHARACTER}</ink>".encode())
    assert text.repaired is False
    text.check(text.content)
