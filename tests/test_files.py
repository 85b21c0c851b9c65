import contextlib
import errno
import os
import re

import pytest

from pipeline import files
from pipeline.errors import InkError


def test_directory_appears_only_when_complete(tmp_path):
    final = tmp_path / "shards"
    with files.atomic_directory(final) as partial:
        (partial / "a").write_text("1")
        assert not final.exists()
    assert (final / "a").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["shards"]


def test_failed_block_leaves_the_old_output_and_nothing_else(tmp_path):
    final = tmp_path / "shards"
    with files.atomic_directory(final) as partial:
        (partial / "a").write_text("old")
    with pytest.raises(FileNotFoundError), files.atomic_directory(final) as partial:
        (partial / "missing" / "a").write_text("half")
    assert (final / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["shards"]


def test_what_a_kill_left_is_removed_by_the_next_run(tmp_path):
    leftover = files.partial_path(tmp_path / "shards")
    leftover.mkdir()
    (leftover / "stale").write_text("x")
    with files.atomic_directory(tmp_path / "shards") as partial:
        assert list(partial.iterdir()) == []


def test_an_old_directory_goes_as_a_whole(tmp_path, monkeypatch):
    final = tmp_path / "shards"
    (final / "old").mkdir(parents=True)
    seen = []
    monkeypatch.setattr(files.shutil, "rmtree", lambda path: seen.append((path, sorted(final.iterdir()))))
    with files.atomic_directory(final) as partial:
        (partial / "new").mkdir()
    assert seen == [(tmp_path / "shards.partial.old", [final / "new"])]


def test_file_keeps_its_suffix_while_it_is_written(tmp_path):
    with files.atomic_file(tmp_path / "new" / "model.keras") as partial:
        assert partial.name == "model.partial.keras"
        partial.write_text("x")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model.keras"]


def test_failed_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "metrics.json"
    files.write_json(path, {"top1": 0.5})
    with pytest.raises(TypeError):
        files.write_json(path, {"top1": object()})
    assert path.read_text() == '{\n  "top1": 0.5\n}\n'


def test_a_durable_file_is_on_disk_before_it_has_its_name_and_its_folder_after(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: calls.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    replace = os.replace
    monkeypatch.setattr(files.os, "replace", lambda *paths: (calls.append("rename"), replace(*paths)))
    with files.atomic_file(tmp_path / "state.npz", durable=True) as partial:
        partial.write_text("x")
    assert calls == [str(tmp_path / "state.partial.npz"), "rename", str(tmp_path)]
    calls.clear()
    files.write_text(tmp_path / "metrics.json", "{}")
    assert calls == ["rename"]


@pytest.mark.parametrize(("code", "raised"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_wait_for_folders(tmp_path, monkeypatch, code, raised):
    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", fsync)
    with (
        pytest.raises(OSError, match="Input/output error") if raised else contextlib.nullcontext(),
        files.atomic_file(tmp_path / "a", durable=True) as partial,
    ):
        partial.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_two_writers_of_a_shared_file_do_not_meet(tmp_path):
    path = tmp_path / "state.npz"
    with files.atomic_file(path, shared=True) as slow:
        slow.write_text("slow, first half")
        with files.atomic_file(path, shared=True) as fast:
            fast.write_text("fast")
        assert path.read_text() == "fast"
        assert slow.read_text() == "slow, first half"
        assert (slow.suffix, ".partial" in slow.name) == (".npz", True)
    assert path.read_text() == "slow, first half"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_of_and_nothing_is_left(tmp_path, code):
    told = f"^{re.escape(str(tmp_path))}/a: expected free space on its disk, found none .*; free some and run again"

    def write(output):
        with output(tmp_path / "a") as partial:
            (partial / "half" if partial.is_dir() else partial).write_text("half")
            raise OSError(code, os.strerror(code))

    for output in (files.atomic_file, files.atomic_directory):
        with pytest.raises(InkError, match=told):
            write(output)
        assert list(tmp_path.iterdir()) == []


def test_another_error_stays_what_it_is(tmp_path):
    with pytest.raises(PermissionError), files.atomic_file(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "not yours")


def test_plain_files_are_read_up_to_a_limit(tmp_path):
    (tmp_path / "ink").write_bytes(b"ink2edge")
    assert files.read_plain(tmp_path / "ink") == b"ink2edge"
    assert files.read_plain(str(tmp_path / "ink"), 3) == b"ink"


@pytest.mark.parametrize(
    ("name", "found"),
    [("", "a folder"), ("missing", "no such file"), ("\0", "no such file"), ("pipe", "not a regular file")],
)
def test_what_is_no_plain_file_is_told(tmp_path, name, found):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=re.escape(found)) as caught:
        files.read_plain(tmp_path / name)
    assert caught.value.strerror == found
