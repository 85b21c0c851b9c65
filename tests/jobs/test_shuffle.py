"""The scratch folder: late workers, of this run or an earlier one, never reach the output."""

import hashlib

import pytest

from pipeline.files import remove
from pipeline.formats.parquet import COLUMNS, samples_table
from pipeline.jobs.receipts import Receipt
from pipeline.jobs.spills import check_complete, renamed_when_done, write_shard
from pipeline.jobs.through_files import Scratch
from tests.jobs.tiny_casia import digests

EMPTY = samples_table(COLUMNS.empty_table(), ["啊"])


def test_a_worker_that_is_still_at_it_leaves_nothing(tmp_path):
    scratch = Scratch.below(tmp_path)
    write_shard(scratch.directory, "a", EMPTY)
    expected = {name: digest for name, digest in digests(scratch.directory).items() if "/" in name}
    assert sorted(expected) == ["parquet/a.parquet", "tfrecord/a.tfrecord"]

    def end_meanwhile():
        with renamed_when_done(scratch.directory / "parquet/a.parquet") as partial:
            partial.write_bytes(b"half")
            scratch.deliver()

    late = lambda: write_shard(scratch.directory, "a", EMPTY), lambda: scratch.leave_receipt(0, 0, Receipt())
    for work in (end_meanwhile, *late):
        with pytest.raises(FileNotFoundError):
            work()
    check_complete(tmp_path, ["a"])
    assert digests(tmp_path) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parquet", "tfrecord"]


def test_a_worker_of_a_run_that_was_killed_does_not_find_the_next(tmp_path):
    output = tmp_path / "decoded.partial"
    output.mkdir()
    killed = Scratch.below(output)
    remove(output)
    output.mkdir()
    scratch = Scratch.below(output)
    with pytest.raises(FileNotFoundError):
        killed.leave_receipt(0, 1, Receipt())
    assert list(scratch.receipts()) == []


def test_one_format_alone(tmp_path):
    write_shard(tmp_path, "a", EMPTY, formats=("parquet",))
    check_complete(tmp_path, ["a"], ("parquet",))
    assert [path.name for path in tmp_path.iterdir()] == ["parquet"]


def test_workers_hash_what_they_publish(tmp_path):
    scratch = Scratch.below(tmp_path)
    expected = {}
    for shard, name in enumerate("ab"):
        write_shard(scratch.directory, name, EMPTY)
        files = [f"parquet/{name}.parquet", f"tfrecord/{name}.tfrecord"]
        scratch.leave_checksums(shard, files)
        for file in files:
            data = (scratch.directory / file).read_bytes()
            expected[file] = (len(data), hashlib.sha256(data).hexdigest())
    assert scratch.checksums() == expected
    scratch.deliver()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parquet", "tfrecord"]
