"""The shards of a part, and batches worked out ahead of the training step."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pipeline.errors import InkError

DECODING_THREADS = 2
BATCHES_AHEAD = 8

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def part_shards(directory: Path | str, part: str, stage: str) -> list[Path]:
    """The Parquet shards of a part in order.

    Raises:
        InkError: when there is none; names the stage that makes them.
    """
    folder = Path(directory) / "parquet"
    shards = sorted(folder.glob(f"{part}-*.parquet"))
    if not shards:
        raise InkError(f"{folder}: expected {part}-*.parquet, found none; run `dvc repro {stage}`")
    return shards


def part_digest(shards: Iterable[Path]) -> str:
    """Hex digest of the shards' bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for shard in shards:
        with shard.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def ahead(function: Callable[[_Item], _Result], items: Iterator[_Item]) -> Iterator[_Result]:
    """`map(function, items)` in order, worked out by threads a few items ahead of the reader."""
    with ThreadPoolExecutor(DECODING_THREADS, thread_name_prefix="batches") as pool:
        pending: deque = deque()
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > BATCHES_AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
