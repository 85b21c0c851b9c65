"""Hash, spill, gather, write: the shards do not depend on the order and the number of spills."""

import os
import resource
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InkError
from pipeline.formats.parquet import COLUMNS, read_samples, samples_table
from pipeline.formats.tfrecord import decode_sample, read_records
from pipeline.jobs import spills as module
from pipeline.jobs.spills import (
    check_complete,
    gather,
    hash64,
    renamed_when_done,
    shard_of,
    spill,
    write_shard,
)

SHARDS = 3
KEYS = [f"1001/{index:06d}" for index in range(20)]


def rows(keys):
    columns = {"key": keys, "writer": ["1001"] * len(keys), "char": ["啊"] * len(keys)}
    columns |= {"width": [5] * len(keys), "height": [6] * len(keys), "image": [key.encode() for key in keys]}
    table = pa.table(columns, schema=COLUMNS)
    return table.append_column("hash", pa.array([hash64(key) for key in keys], pa.uint64()))


def spill_all(directory, *groups):
    """Spills each group of keys into a separate file."""
    directory.mkdir()
    for index, keys in enumerate(groups):
        table = rows(keys)
        spill(directory / f"{index}.arrow", table, shard_of(table["hash"].to_numpy(), SHARDS), SHARDS)
    return sorted(directory.iterdir())


def test_hashes_are_the_same_everywhere():
    assert hash64("1001/000000") == 9382468485517704376
    assert hash64("1001/000000", "salt") == 9759634760259305562


def test_shards_take_equal_ranges_of_hashes_in_order():
    assert shard_of(np.array([0, 2**62, 2**63 - 1, 2**63, 2**64 - 1], np.uint64), 2).tolist() == [0, 0, 0, 1, 1]
    hashes = np.sort(np.array([hash64(str(i)) for i in range(3000)], np.uint64))
    shards = shard_of(hashes, 3)
    assert (np.diff(shards) >= 0).all()
    assert np.bincount(shards).min() > 900


def test_gathering_sorts_by_hash_whatever_the_spills(tmp_path):
    one = spill_all(tmp_path / "one", KEYS)
    many = spill_all(tmp_path / "many", KEYS[::-2], KEYS[:1], KEYS[2::2])
    gathered = [gather(one, shard) for shard in range(SHARDS)]
    assert [gather(many, shard) for shard in range(SHARDS)] == gathered
    assert [key for table in gathered for key in table["key"].to_pylist()] == sorted(KEYS, key=hash64)


def mappings(directory):
    """Number of files in a folder that this process has mapped."""
    return Path("/proc/self/maps").read_text().count(f"{directory}/")


@pytest.mark.parametrize("joined", [1, 2, 100])
@pytest.mark.parametrize("mapped", [0, 19, 20])
def test_spills_that_are_read_give_what_mapped_ones_do(tmp_path, monkeypatch, mapped, joined):
    spills = spill_all(tmp_path / "spills", *([key] for key in KEYS))
    expected = [gather(spills, shard) for shard in range(SHARDS)]
    monkeypatch.setattr(module, "MAPPED_SPILLS", mapped)
    monkeypatch.setattr(module, "JOINED_BATCHES", joined)
    if mapped < len(spills):
        monkeypatch.setattr(pa, "memory_map", None)
    assert [gather(spills, shard) for shard in range(SHARDS)] == expected
    assert sum(table.num_rows for table in expected) == len(KEYS)


def test_a_shard_without_rows(tmp_path, monkeypatch):
    spills = spill_all(tmp_path / "spills", KEYS[:1], KEYS[:1])
    empty = int(shard_of(np.array([hash64(KEYS[0])], np.uint64), SHARDS)[0] == 0)
    for mapped in (0, 2):
        monkeypatch.setattr(module, "MAPPED_SPILLS", mapped)
        assert gather(spills, empty) == rows([])


@pytest.mark.parametrize("mapped", [0, 1024])
def test_one_spill_is_open_at_a_time(tmp_path, monkeypatch, mapped):
    monkeypatch.setattr(module, "MAPPED_SPILLS", mapped)
    spills = spill_all(tmp_path / "spills", *([key] for key in KEYS))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)  # the lowest number that is free: one file may still be opened
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))
    try:
        assert sum(gather(spills, shard).num_rows for shard in range(SHARDS)) == len(KEYS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
def test_more_spills_than_a_process_may_map(tmp_path):
    """More spills than Linux lets a process map by default: `decode` makes one per source file."""
    count = 65_530 + 100
    (template,) = spill_all(tmp_path / "template", ["1001/000000"])
    data, digits = template.read_bytes(), hash64("1001/000000").to_bytes(8, "little")
    assert (data.count(b"1001/000000"), data.count(digits)) == (2, 1)  # as key and as image
    (shard,) = (shard for shard in range(SHARDS) if gather([template], shard).num_rows)
    spills = [tmp_path / f"{index}.arrow" for index in range(count)]
    for index, path in enumerate(spills):
        named = data.replace(b"1001/000000", f"1001/{index:06d}".encode())
        path.write_bytes(named.replace(digits, (count - index).to_bytes(8, "little")))
    table = gather(spills, shard)
    assert mappings(tmp_path) == 0
    assert table["key"].to_pylist() == [f"1001/{index:06d}" for index in range(count)][::-1]
    assert table["image"].num_chunks == 1


def test_one_key_twice_is_an_error(tmp_path):
    spills = spill_all(tmp_path / "spills", KEYS[:1], KEYS[:1])
    shard = int(shard_of(np.array([hash64(KEYS[0])], np.uint64), SHARDS)[0])
    with pytest.raises(InkError, match=f"two samples have the key '{KEYS[0]}'"):
        gather(spills, shard)


def test_both_files_of_a_shard_hold_the_same_samples(tmp_path):
    table = samples_table(rows(KEYS), ["!", "啊"])
    write_shard(tmp_path, "samples-00000-of-00001", table)
    samples = list(read_samples(tmp_path / "parquet/samples-00000-of-00001.parquet"))
    assert [sample.key for sample in samples] == KEYS
    assert {sample.label for sample in samples} == {1}
    records = read_records(tmp_path / "tfrecord/samples-00000-of-00001.tfrecord")
    assert [decode_sample(record) for record in records] == samples


def test_what_a_killed_worker_left_is_cleared_and_what_lacks_is_told_of(tmp_path):
    write_shard(tmp_path, "a", samples_table(rows(KEYS), ["啊"]))
    (tmp_path / "parquet" / "a.parquet.partial-1").write_bytes(b"half")
    check_complete(tmp_path, ["a"])
    assert [path.name for path in (tmp_path / "parquet").iterdir()] == ["a.parquet"]
    with pytest.raises(AssertionError, match="'b'"):
        check_complete(tmp_path, ["a", "b"])


def test_a_name_is_taken_only_at_the_end(tmp_path):
    path = tmp_path / "file"
    with renamed_when_done(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(UnicodeEncodeError), renamed_when_done(tmp_path / "file") as partial:
        partial.write_text("half \ud800", encoding="utf-8")
    assert not list(tmp_path.iterdir())
