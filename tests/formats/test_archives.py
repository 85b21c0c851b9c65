"""The files of a source, plain or in zips. What `.gnt` sources make of them is in test_sources.py."""

import os
import zipfile

import pytest

from pipeline.errors import InkError
from pipeline.formats import archives
from pipeline.formats.archives import Entry, find_entries, read_entries


@pytest.fixture
def source(tmp_path):
    """A folder with a file, another ending, and a zip in a subfolder."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.a").write_bytes(b"1")
    (folder / "two.B").write_bytes(b"22")
    (folder / "three.c").write_bytes(b"333")
    with zipfile.ZipFile(folder / "sub" / "x.zip", "w") as archive:
        archive.writestr("deep/four.a", b"4444")
        archive.writestr("/five.b", b"5")
        archive.writestr("../six.a", b"6")
        archive.writestr("__MACOSX/._four.a", b"7")
    return folder


def test_files_of_several_endings(source):
    entries = find_entries(source, (".a", ".b"), "x.source")
    assert [(entry.name, entry.unpacked.as_posix(), entry.size) for entry in entries] == [
        ("one.a", "one.a", 1),
        ("sub/x.zip:/five.b", "sub/five.b", 1),
        ("sub/x.zip:deep/four.a", "sub/deep/four.a", 4),
        ("two.B", "two.B", 2),
    ]
    assert list(read_entries(entries, 3)) == [b"1", b"5", b"4444", b"22"]


def test_no_more_than_the_limit_and_a_byte_is_read(source):
    (entry,) = find_entries(source / "sub" / "x.zip", (".a",), "x.source")
    assert (entry.name, entry.unpacked.as_posix()) == ("x.zip:deep/four.a", "deep/four.a")
    assert list(read_entries([entry], 1)) == [b"44"]


def test_siblings(source):
    plain, packed = find_entries(source, (".a",), "x.source")
    assert plain.sibling("two.B") == Entry("two.B", str(source / "two.B"), None, 0)
    assert packed.sibling("q/r.png") == Entry("sub/x.zip:deep/q/r.png", packed.path, "deep/q/r.png", 0)
    assert packed.sibling("q/r.png").unpacked.as_posix() == "sub/deep/q/r.png"


def test_what_cannot_be_read_is_handed_on(source, tmp_path):
    plain, packed = find_entries(source, (".a",), "x.source")
    os.mkfifo(source / "pipe")
    broken = Entry("broken", str(source / "one.a"), "member", 0)
    results = list(
        read_entries([plain.sibling("gone"), plain.sibling("pipe"), packed.sibling("gone"), broken, plain], 9)
    )
    assert [str(result) for result in results[:4]] == ["no such file"] * 3 + ["File is not a zip file"]
    assert results[4] == b"1"


def test_a_pipe_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "x.a")
    with pytest.raises(InkError, match=r"x.a: expected a plain file, found something else; take it out of x.source"):
        find_entries(tmp_path, (".a",), "x.source")


def test_messages_name_the_endings_and_the_param(tmp_path):
    with pytest.raises(InkError, match=r"expected a folder, a .a or .b file or a .zip of them.*mend x.source"):
        find_entries(tmp_path / "missing", (".a", ".b"), "x.source")
    with pytest.raises(InkError, match=r"expected .a or .b files or zips of them, found none among 0 files"):
        find_entries(tmp_path, (".a", ".b"), "x.source")


def test_a_zip_that_unpacks_to_far_more_than_it_is(source, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS_UNPACKED", 1000)
    with zipfile.ZipFile(source / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.a", bytes(1_000_000))
    with pytest.raises(InkError, match=r"bomb.zip: expected a zip that unpacks to at most \d+ bytes .*found 1000000"):
        find_entries(source, (".a",), "x.source")
    monkeypatch.setattr(archives, "ALWAYS_UNPACKED", 1_000_000)
    assert len(find_entries(source, (".a",), "x.source")) == 3


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_methods_that_unpack_in_small_steps(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
        archive.writestr("x.a", b"1")
    assert list(read_entries(find_entries(tmp_path, (".a",), "x.source"), 9)) == [b"1"]


def test_a_method_that_may_unpack_gigabytes_in_one_step(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x.a", b"1")
    (found,) = read_entries(find_entries(tmp_path, (".a",), "x.source"), 9)
    assert str(found) == "compression method 12, expected stored, deflated or LZMA; zip it again"


@pytest.mark.parametrize("byte", [b"\xff", b"\0"], ids=["not utf-8", "no name"])
def test_names_that_are_none(tmp_path, byte):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("é.a", b"1")  # flagged as UTF-8
    data = (tmp_path / "x.zip").read_bytes().replace("é.a".encode(), byte * 2 + b".a")
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InkError, match=r"broken zip|found none among"):
        find_entries(tmp_path, (".a",), "x.source")
