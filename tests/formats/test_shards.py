"""The names of shards, and the shards of a part."""

import pytest

from pipeline.errors import InkError
from pipeline.formats.shards import part_shards, shard_name, shard_names, shards_digest


def test_shard_names():
    assert shard_name("train", 3, 16) == "train-00003-of-00016"
    assert shard_names("test", 2) == ["test-00000-of-00002", "test-00001-of-00002"]


def test_the_shards_of_a_part_in_order(tmp_path):
    for name in ("train-00001-of-00002", "test-00000-of-00001", "train-00000-of-00002"):
        (tmp_path / "parquet").mkdir(exist_ok=True)
        (tmp_path / f"parquet/{name}.parquet").write_text(name)
    assert [path.stem for path in part_shards(tmp_path, "train", "split")] == shard_names("train", 2)
    with pytest.raises(InkError, match=r"expected validation-\*.parquet, found none; run `dvc repro split`"):
        part_shards(tmp_path, "validation", "split")


def test_the_digest_follows_bytes_and_order(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a")
    other.write_bytes(b"b")
    both, turned = shards_digest([one, other]), shards_digest([other, one])
    assert both != turned
    one.write_bytes(b"c")
    assert shards_digest([one, other]) != both
