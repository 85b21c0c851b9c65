"""Names in zips, and parts of files."""

import io
import zipfile

import pytest

from pipeline.errors import InkError
from pipeline.formats.archives import Place, Window, open_place, readable_names, without_compression, zip_members
from pipeline.formats.search import find_entries


def members(names, flag):
    """The members of a zip with names in these bytes, flagged as UTF-8 or not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(len(names)):
            archive.writestr(f"{number:0{len(names[number])}}", b"1")
    data = buffer.getvalue()
    for number, name in enumerate(names):
        data = data.replace(f"{number:0{len(name)}}".encode(), name)
    if flag:
        data = data.replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\0\x08")
        data = data.replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\0\x08")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = zip_members(archive)
        for member in found:
            assert archive.open(archive.infolist()[member.number]).read() == b"1"
        return [member.name for member in found]


@pytest.mark.parametrize(
    ("names", "flag", "shown"),
    [
        ([b"a/b.gnt"], False, ["a/b.gnt"]),
        ([b"a\\deep\\b.gnt"], False, ["a/deep/b.gnt"]),
        (["手写/公式.png".encode()], True, ["手写/公式.png"]),
        (["手写/公式.png".encode()], False, ["手写/公式.png"]),
        (["手写/公式.png".encode("gbk")], False, ["手写/公式.png"]),
        # One of the two would pass for UTF-8 by itself (its bytes are those of "ͨ").
        (["联通.gnt".encode("gbk"), "手写.gnt".encode("gbk")], False, ["联通.gnt", "手写.gnt"]),
        (["é.a".encode("cp437")], False, ["é.a"]),
    ],
    ids=["ascii", "backslash", "utf-8 flagged", "utf-8", "gbk", "gbk like utf-8", "cp437"],
)
def test_names_in_zips(names, flag, shown):
    assert members(names, flag) == shown


def test_names_that_say_how_they_are_written_are_left_alone():
    assert readable_names([b"\xca\xd6", "é"]) == ["手", "é"]


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("x.tar.gz", "x.tar"),
        ("x.TGZ", "x.tar"),
        ("1.gnt.gz", "1.gnt"),
        ("x.tbz2", "x.tar"),
        ("x.zip", None),
    ],
)
def test_the_name_of_what_a_compressed_file_holds(name, inner):
    assert without_compression(name) == inner


def test_a_part_of_a_file_is_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"0123456789")
    with open_place(Place(str(tmp_path / "x"), 2, 5)) as file:
        assert (file.read(2), file.tell(), file.read(), file.read(1)) == (b"23", 2, b"456", b"")
        assert (file.seek(-1, io.SEEK_END), file.read(9), file.seek(1), file.seek(1, io.SEEK_CUR)) == (4, b"6", 1, 2)
        assert (file.seek(99), file.read()) == (99, b"")
        with pytest.raises(OSError, match="position -1 is before the start"):
            file.seek(-1)
    assert Window(io.BytesIO(b"0123"), 1, 99).read(50) == b"123"


@pytest.mark.parametrize("byte", [b"\xff", b"\0"], ids=["not utf-8", "no name"])
def test_names_that_are_none(tmp_path, byte):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("é.a", b"1")  # flagged as UTF-8
    data = (tmp_path / "x.zip").read_bytes().replace("é.a".encode(), byte * 2 + b".a")
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InkError, match=r"broken zip|found none among"):
        find_entries(tmp_path, (".a",), "x.source")
