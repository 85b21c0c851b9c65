"""Class lists define labels, so order and duplicates must be right."""

import pytest

from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1, class_list, read_charset, read_class_list, write_class_list
from tests.project import ALL, LEVEL1


def test_level_1_is_the_3755_characters_in_gb2312_order():
    assert len(set(GB2312_LEVEL1)) == len(GB2312_LEVEL1) == 3755
    assert (GB2312_LEVEL1[0], GB2312_LEVEL1[1], GB2312_LEVEL1[-1]) == ("啊", "阿", "座")


def test_the_charsets_that_the_project_ships():
    assert read_class_list(LEVEL1) == GB2312_LEVEL1
    assert read_charset(LEVEL1) == frozenset(GB2312_LEVEL1)
    assert read_charset(ALL) is None


def test_a_class_list_is_in_code_point_order_without_repeats():
    assert class_list(["阿", "啊", "垯", "阿", "!"], ALL) == ("!", "啊", "垯", "阿")


def test_level_1_leaves_the_other_characters_out():
    assert class_list(["阿", "啊", "垯", "!"], LEVEL1) == ("啊", "阿")


def test_no_character_of_the_charset_is_an_error():
    with pytest.raises(InkError, match=r"gb2312-level1.txt: expected characters of this charset, found 1 others"):
        class_list(["垯"], LEVEL1)


def test_a_charset_may_fix_the_classes_as_they_are(tmp_path):
    path = tmp_path / "classes.txt"
    write_class_list(path, ["阿", "啊", "垯"])
    assert path.read_bytes() == "阿\n啊\n垯\n".encode()
    assert class_list(["啊"], path) == ("啊",)
    assert class_list(["啊"], path, "charset") == read_class_list(path) == ("阿", "啊", "垯")


def test_every_character_has_no_order():
    with pytest.raises(InkError, match=r"all.txt: expected a list of characters, found '\*', which has no order"):
        class_list(["啊"], ALL, "charset")


def test_files_of_other_editors_are_read(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_bytes("\ufeff阿\r\n啊".encode())
    assert read_class_list(path) == ("阿", "啊")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found an empty file"),
        ("阿\n啊\n阿\n", r"line 3: '阿' is also on line 1"),
        ("阿\n啊阿\n", r"line 2: expected one character, found '啊阿'"),
        ("阿\n\n啊\n", r"line 2: expected one character, found ''"),
    ],
)
def test_what_is_no_class_list(tmp_path, text, message):
    path = tmp_path / "classes.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InkError, match=message):
        read_class_list(path)


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_bytes("阿\n".encode("gbk"))
    with pytest.raises(InkError, match="expected a UTF-8 class list, found other bytes at offset 0"):
        read_class_list(path)


def test_a_charset_that_is_no_file():
    with pytest.raises(InkError, match=r"gb2312: expected a file with one character per line, found No such file"):
        class_list(["阿"], "gb2312")


def test_a_list_with_repeats_is_not_written(tmp_path):
    with pytest.raises(InkError, match="is also on line 1"):
        write_class_list(tmp_path / "classes.txt", ["阿", "阿"])
    assert not list(tmp_path.iterdir())


def test_lists_of_symbols(tmp_path):
    path = tmp_path / "classes.txt"
    write_class_list(path, ["+", r"\alpha"], symbols=True)
    assert read_class_list(path, symbols=True) == ("+", r"\alpha")
    with pytest.raises(InkError, match=r"line 2: expected one character, found '\\\\alpha'"):
        read_class_list(path)
    path.write_text("+\na b\n", encoding="utf-8")
    with pytest.raises(InkError, match=r"line 2: expected one symbol, found 'a b'"):
        read_class_list(path, symbols=True)
