"""A tiny data set in the CASIA format, and digests of a job's outputs."""

import hashlib
from pathlib import Path

import numpy as np

from pipeline.formats.gnt import encode_record

CHARS = "啊阿埃挨哎"


def scan(*numbers):
    """A scan that differs with the numbers."""
    rng = np.random.default_rng(numbers)
    image = np.full((int(rng.integers(20, 60)), int(rng.integers(20, 60))), 255, np.uint8)
    image[4:-4, 4:-4] = rng.integers(0, 255, (image.shape[0] - 8, image.shape[1] - 8))
    return image


def gnt(writer, chars=CHARS):
    """The content of one writer's file."""
    return b"".join(encode_record(char, scan(writer, index)) for index, char in enumerate(chars))


def make_source(folder: Path) -> Path:
    """A folder of six writers, five characters each."""
    folder.mkdir(parents=True)
    for writer in range(1001, 1007):
        (folder / f"{writer}-f.gnt").write_bytes(gnt(writer))
    return folder


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
