"""Steps for workers. They are in a module because workers import them."""

import os
from pathlib import Path


def values(number: int, keys: int, size: int):
    """One value of `size` bytes per key."""
    block = os.urandom(size)
    return ((key, block) for key in range(keys))


def total(item) -> tuple[int, int, int]:
    """The key, the number of its values and their bytes."""
    key, found = item
    sizes = [len(value) for value in found]
    return key, len(sizes), sum(sizes)


def listing(folders: list[str]) -> list[tuple[str, list[str]]]:
    """What a worker sees in folders."""
    return [(folder, sorted(path.name for path in Path(folder).iterdir())) for folder in folders]


def write(item: tuple[str, str]) -> None:
    """Writes a text to a path, on disk or in a store."""
    from apache_beam.io.filesystems import FileSystems

    path, text = item
    with FileSystems.create(path) as file:
        file.write(text.encode())
