"""The folder of a bundle: an export replaces it completely, but only if an export wrote all files in it."""

import errno
import os
from pathlib import Path

import pytest

from pipeline.errors import InkError
from pipeline.export import folder as module
from pipeline.export.folder import SUMS, replace_folder

OLD, NEW = {"a.txt": b"old a", "b.txt": b"old b"}, {"a.txt": b"new a", "c.txt": b"new c"}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder that an export wrote."""
    replace_folder(tmp_path / "bundles/one", OLD)
    return tmp_path / "bundles/one"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def refuse(folder: Path, message: str) -> None:
    """The export is refused and changes nothing."""
    before = contents(folder.parent)
    with pytest.raises(InkError, match=message):
        replace_folder(folder, NEW)
    assert contents(folder.parent) == before


def test_files_of_an_earlier_export_are_replaced_and_removed(folder):
    replace_folder(folder, NEW)
    assert {name: data for name, data in contents(folder).items() if name != SUMS} == NEW
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_the_checksums_are_as_sha256sum_writes_them(folder):
    assert contents(folder)[SUMS].decode() == (
        "eda24220aaabb967c3198b14fad462ab6215f7fac85ae789a90a07e1ad77ec3f  a.txt\n"
        "91b6a472439e5d3e1bbc69be3c736b08ad00ed8c04e04a73ec8b38b2ccc5b94d  b.txt\n"
    )


@pytest.mark.parametrize("name", ["a.txt", "b.txt"])
def test_an_edited_file_is_kept(folder, name):
    (folder / name).write_bytes(b"edited")
    refuse(folder, rf"one: expected only files that an export wrote, found other or edited ones \({name}\); move them ")


def test_other_files_are_kept(folder):
    for index in range(7):
        (folder / f"note{index}.txt").write_bytes(b"mine")
    refuse(folder, r"\(note0.txt, note1.txt, note2.txt, note3.txt, note4.txt, ...\); move them elsewhere, or .* --to$")


def test_folders_and_links_are_kept(folder, tmp_path):
    (folder / "notes").mkdir()
    (folder / "notes/mine.txt").write_bytes(b"mine")
    refuse(folder, r"\(notes\)")
    (tmp_path / "a.txt").write_bytes(OLD["a.txt"])
    (folder / "notes/mine.txt").unlink()
    (folder / "notes").rmdir()
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(tmp_path / "a.txt")
    refuse(folder, r"\(a.txt\)")


@pytest.mark.parametrize("sums", [None, b"", b"a.txt\n", b"\xff\x00"])
def test_a_folder_without_checksums_is_no_exports(folder, sums):
    (folder / SUMS).unlink() if sums is None else (folder / SUMS).write_bytes(sums)
    refuse(folder, r"found other or edited ones \((SHA256SUMS, )?a.txt, b.txt\)")


def test_checksums_that_are_a_link_are_not_believed(folder, tmp_path):
    (folder / SUMS).rename(tmp_path / SUMS)
    (folder / SUMS).symlink_to(tmp_path / SUMS)
    refuse(folder, r"\(SHA256SUMS, a.txt, b.txt\)")


def test_files_that_the_user_removed_are_not_missed(folder):
    (folder / "a.txt").unlink()
    replace_folder(folder, NEW)
    assert contents(folder)["a.txt"] == b"new a"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "one").mkdir()
    replace_folder(tmp_path / "one", NEW)
    assert sorted(contents(tmp_path / "one")) == [SUMS, "a.txt", "c.txt"]


@pytest.mark.parametrize("found", ["a link", "a file"])
def test_what_is_no_folder_is_kept(tmp_path, found):
    path = tmp_path / "one"
    path.symlink_to(tmp_path / "missing") if found == "a link" else path.write_bytes(b"mine")
    refuse(path, f"one: expected a folder to write to, found {found}; choose another place with --to")
    assert os.path.lexists(path)


def test_a_file_that_appears_meanwhile_is_kept(folder, monkeypatch):
    rename = os.rename

    def add_and_rename(source, target):
        if source == folder:
            (folder / "mine.txt").write_bytes(b"mine")
        rename(source, target)

    monkeypatch.setattr(module.os, "rename", add_and_rename)
    with pytest.raises(InkError, match="Directory not empty"):
        replace_folder(folder, NEW)
    (kept,) = folder.parent.rglob("mine.txt")
    assert kept.read_bytes() == b"mine"


@pytest.mark.parametrize(("code", "message"), [(errno.ENOSPC, "expected free space"), (errno.EIO, "found Input")])
def test_a_failure_leaves_the_earlier_export(folder, monkeypatch, code, message):
    write = Path.write_bytes

    def write_some(path, data):
        if path.name == "c.txt":
            raise OSError(code, os.strerror(code))
        write(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_some)
    refuse(folder, message)
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
