"""One description of a data set on disk, from which all its cards are rendered.

    data = describe("data/splits", SPLITS, PARTS, terms, known={})
    data.splits[0].rows, data.splits[0].shards["parquet"][0].sha256

Reads footers of Parquet shards, and hashes each file whose SHA-256 is not known yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from pipeline.cards.subjects import Subject
from pipeline.cards.terms import Terms
from pipeline.formats.shards import FORMATS
from pipeline.stores import fingerprint

COCO = "coco"  # the folder of COCO files
PICTURES = f"{COCO}/images"  # the folder of their pictures, if these are files

Known = Mapping[str, tuple[int, str]]
"""Size in bytes and SHA-256 of files, by their names relative to the data set."""


class File(NamedTuple):
    """A file of a data set."""

    name: str  # relative to the data set, with `/`
    size: int  # bytes
    sha256: str


class Split(NamedTuple):
    """A part of a data set."""

    name: str
    lengths: tuple[int, ...]  # samples per shard
    data_bytes: int  # size of the columns before compression
    shards: dict[str, list[File]]  # by file format; all formats hold the same samples

    @property
    def rows(self) -> int:
        """Number of samples."""
        return sum(self.lengths)

    def size(self, kind: str) -> int:
        """Bytes of all files of a format."""
        return sum(file.size for file in self.shards[kind])


class DataSet(NamedTuple):
    """A data set on disk."""

    subject: Subject
    terms: Terms
    features: dict[str, Any]  # of the columns, as `datasets` writes them into the metadata of a Parquet schema
    splits: list[Split]
    others: list[File]  # COCO files and a zip of their pictures, sorted by name
    pictures: list[File]  # of COCO files, if they are files in `PICTURES`, sorted by name

    @property
    def rows(self) -> int:
        """Number of samples."""
        return sum(split.rows for split in self.splits)

    @property
    def formats(self) -> list[str]:
        """The file formats of the shards."""
        return list(self.splits[0].shards)

    @property
    def classes(self) -> list[str]:
        """The class list."""
        return _class_label(self.features)["names"]

    @property
    def files(self) -> list[File]:
        """All files except `pictures`, sorted by name."""
        shards = [file for split in self.splits for files in split.shards.values() for file in files]
        return sorted([*shards, *self.others])


def describe(directory: Path, subject: Subject, parts: Sequence[str], terms: Terms, known: Known) -> DataSet:
    """Describes the data set in `directory`.

    Args:
        directory: a folder with the folders `parquet`, and `tfrecord` and `coco` if there are any.
        subject: what the data set is.
        parts: the names of its splits, in order; each has a Parquet shard.
        terms: the terms of its source.
        known: files that need no hashing.
    """

    def files(pattern: str) -> list[File]:
        found = (path for path in directory.glob(pattern) if path.is_file())
        names = sorted(path.relative_to(directory).as_posix() for path in found)
        return [File(name, *(known.get(name) or fingerprint(directory / name))) for name in names]

    splits = []
    for part in parts:
        shards = {kind: files(f"{kind}/{part}-*.{kind}") for kind in FORMATS}
        footers = [pq.read_metadata(directory / shard.name) for shard in shards["parquet"]]
        size = sum(
            footer.row_group(group).total_byte_size for footer in footers for group in range(footer.num_row_groups)
        )
        lengths = tuple(footer.num_rows for footer in footers)
        splits.append(Split(part, lengths, size, {kind: found for kind, found in shards.items() if found}))
    schema = pq.read_schema(directory / splits[0].shards["parquet"][0].name)
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    return DataSet(subject, terms, features, splits, files(f"{COCO}/*"), files(f"{PICTURES}/**/*"))


def _class_label(features: dict[str, Any]) -> dict[str, Any]:
    return features["label"] if "label" in features else features["labels"]["feature"]
