"""Names of the shards of a data set, for both file formats.

    part_shards("data/splits", "train", "split")    # [.../parquet/train-00000-of-00016.parquet, ...]

`pipeline.jobs.spills` writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import InkError

FORMATS = ("parquet", "tfrecord")  # the folders of a data set, one per file format


def shard_name(part: str, index: int, shards: int) -> str:
    """The name of a shard without its extension: `train-00003-of-00016`."""
    return f"{part}-{index:05d}-of-{shards:05d}"


def shard_names(part: str, shards: int) -> list[str]:
    """All shard names of a part."""
    return [shard_name(part, index, shards) for index in range(shards)]


def part_shards(directory: Path | str, part: str, stage: str) -> list[Path]:
    """The Parquet shards of one part of a split, in order.

    Raises:
        InkError: there is none; the message names `stage`, which writes them.
    """
    folder = Path(directory) / "parquet"
    shards = sorted(folder.glob(f"{part}-*.parquet"))
    if not shards:
        raise InkError(f"{folder}: expected {part}-*.parquet, found none; run `dvc repro {stage}`")
    return shards


def shards_digest(shards: Iterable[Path]) -> str:
    """Hex digest of the shards' bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for shard in shards:
        with shard.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()
