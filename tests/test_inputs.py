"""Unchanged inputs, and the messages about changed ones."""

import os
import re

import pytest

from pipeline.errors import InkError
from pipeline.inputs import check_there, check_unchanged, stamps


@pytest.fixture
def folder(tmp_path):
    for name in ("a.gnt", "deep/b.gnt", ".hidden/c.gnt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    return tmp_path


def test_every_file_but_hidden_ones_is_looked_at(folder):
    before = stamps(folder)
    assert sorted(before) == ["a.gnt", "deep/b.gnt", "lost"]
    assert before["a.gnt"] == (5, (folder / "a.gnt").stat().st_mtime_ns, "")
    assert before["lost"] is None
    (folder / ".hidden/c.gnt").unlink()
    check_unchanged(folder, before)


def rewrite(path):
    """Replaces the bytes by as many others."""
    status = path.stat()
    path.write_bytes(b"54321")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "deep/b.gnt").unlink(), r"deep/b.gnt: .* found that the first is gone"),
        (lambda folder: (folder / "b.gnt").write_bytes(b""), r"b.gnt: .* found that the first is new"),
        (lambda folder: (folder / "a.gnt").write_bytes(b"1234"), r"a.gnt: .* found that the first changed"),
        (lambda folder: (folder / "a.gnt").write_bytes(b"123456"), r"a.gnt: .* found that the first changed"),
        (lambda folder: rewrite(folder / "a.gnt"), r"a.gnt: .* found that the first changed; stop whatever writes"),
        (
            lambda folder: folder.rename(folder.with_name("gone")),
            r"a.gnt and 1 more: .* found that the first is gone",
        ),
    ],
    ids=["gone", "new", "shorter", "longer", "other", "all gone"],
)
def test_a_change_names_the_file(folder, change, told):
    before = stamps(folder)
    change(folder)
    with pytest.raises(InkError, match=told):
        check_unchanged(folder, before)


def test_a_file_is_an_input_too(folder):
    before = stamps(folder / "a.gnt")
    check_unchanged(folder / "a.gnt", before)
    (folder / "a.gnt").unlink()
    with pytest.raises(InkError, match=r"a.gnt: .* is gone"):
        check_unchanged(folder / "a.gnt", before)


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """The temporary workspace of an experiment, as DVC makes it below the user's workspace."""
    copy = tmp_path / "project/.dvc/tmp/exps/standalone/tmpabc"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    return tmp_path / "project"


COPY = r"this is a temporary copy of the workspace \(`dvc exp run --temp` or `--queue`\)"


def missing(source):
    with pytest.raises(InkError) as error:
        check_there(source, ".gnt", "decode.source")
    return str(error.value)


def test_nothing_there(experiment):
    advice = "found nothing there; correct decode.source or make it first (`dvc repro`, `dvc pull`)"
    assert missing("data/raw/typo") == f"data/raw/typo: expected a folder, a .gnt file or a .zip of them, {advice}"
    assert missing("/nowhere").endswith(advice)
    (experiment / "mine.zip").touch()
    check_there(str(experiment / "mine.zip"), ".gnt", "decode.source")


def test_a_source_outside_of_the_repository_in_a_temporary_workspace(experiment):
    told = missing("../x.zip")
    assert re.search(rf"found nothing there; {COPY}, where a relative path out of the repository leads elsewhere", told)
    assert told.endswith(f"set decode.source to {experiment.parent / 'x.zip'}")


def test_a_source_that_git_does_not_know_in_a_temporary_workspace(experiment):
    (experiment / "data/raw/mine").mkdir(parents=True)
    told = missing("data/raw/mine")
    assert re.search(rf"found nothing there; {COPY}, which contains only files that git or DVC tracks: run", told)
    assert told.endswith("run `dvc add data/raw/mine`, then `git add data/raw/mine.dvc` and try again")
    (experiment / "data/raw/mine.dvc").touch()
    assert missing("data/raw/mine").endswith("run `git add data/raw/mine.dvc` and try again")
