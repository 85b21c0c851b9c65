"""The files below a folder that contains links."""

import os

import pytest

from pipeline.errors import InkError
from pipeline.formats.tree import walk
from pipeline.inputs import check_unchanged, stamps


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    for name in ("a.gnt", "deep/b.gnt", ".hidden/c.gnt"):
        (source / name).parent.mkdir(exist_ok=True, parents=True)
        (source / name).write_bytes(b"12345")
    (source / "lost").symlink_to(source / "nowhere")
    return source


def names(folder):
    return [path.relative_to(folder).as_posix() for path in walk(folder).files]


def test_files_and_links_that_lead_nowhere_but_no_hidden_ones(folder):
    assert names(folder) == ["a.gnt", "deep/b.gnt", "lost"]
    assert walk(folder / "a.gnt") == ([folder / "a.gnt"], [])
    assert walk(folder / "nowhere") == ([], [])


def test_linked_folders(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.gnt").write_bytes(b"1")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    assert names(folder) == ["a.gnt", "deep/b.gnt", "link/d.gnt", "lost"]
    before = stamps(folder, walk(folder).files)
    os.utime(tmp_path / "elsewhere" / "d.gnt", ns=(1, 1))
    with pytest.raises(InkError, match=r"link/d.gnt: .* found that the first changed"):
        check_unchanged(folder, before, walk(folder).files)


def test_links_that_lead_back_or_to_what_is_read_are_not_followed(folder):
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "above").symlink_to(folder.parent)
    (folder / "again").symlink_to(folder / "deep")
    assert names(folder) == ["a.gnt", "deep/b.gnt", "lost"]
    assert sorted(walk(folder).skipped) == [
        (folder / "above", "a link to a folder above the source", None),
        (folder / "again", "", folder / "deep"),
        (folder / "deep/up", "", folder),
    ]


def test_a_folder_goes_by_its_own_name_rather_than_by_a_link_to_it(folder):
    (folder / "A").symlink_to(folder / "deep")
    assert "deep/b.gnt" in names(folder)


def test_two_links_to_one_folder(folder, tmp_path):
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep" / "d.gnt").write_bytes(b"1")
    (folder / "x").symlink_to(tmp_path / "elsewhere")
    (folder / "w").symlink_to(tmp_path / "elsewhere" / "deep")
    assert names(folder) == ["a.gnt", "deep/b.gnt", "lost", "w/d.gnt"]
    assert walk(folder).skipped == [(folder / "x/deep", "", folder / "w")]
