"""Formulas as COCO data sets (https://cocodataset.org/#format-data): what any detection tool opens.

    write_coco("samples.json", shards, classes); write_images("images.zip", shards)

Boxes are x, y, width, height in pixels of the image; category ids are labels + 1. Image entries carry `writer` and
`truth` besides.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.formats.formula import file_name

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold


def write_coco(path: Path | str, shards: Iterable[Path], classes: Sequence[str], description: str) -> None:
    """Writes the annotations of Parquet shards as one COCO file. Not atomic: the caller renames.

    Images and annotations are numbered from 1 in the order of keys.
    """
    columns = ["key", "writer", "truth", "height", "width", "boxes", "labels"]
    rows = sorted(_rows(shards, columns), key=lambda row: row["key"])
    data = {
        "info": {"description": description},
        "licenses": [],
        "images": [_image(number, row) for number, row in enumerate(rows, start=1)],
        "annotations": list(_annotations(rows)),
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes, start=1)],
    }
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(data, file, ensure_ascii=False, separators=(",", ":"))


def write_images(path: Path | str, shards: Iterable[Path]) -> None:
    """Writes the pictures of Parquet shards as one zip, stored, in the order of the shards. Not atomic."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for row in _rows(shards, ["key", "image"]):
            info = zipfile.ZipInfo(file_name(row["key"]), _EPOCH)
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = 0o644 << 16
            archive.writestr(info, row["image"]["bytes"])


def _rows(shards: Iterable[Path], columns: list[str]) -> Iterator[dict]:
    for shard in shards:
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()


def _image(number: int, row: dict) -> dict:
    size = {"height": row["height"], "width": row["width"]}
    return {"id": number, "file_name": file_name(row["key"]), **size, "writer": row["writer"], "truth": row["truth"]}


def _annotations(rows: list[dict]) -> Iterator[dict]:
    number = 0
    for image, row in enumerate(rows, start=1):
        for (ymin, xmin, ymax, xmax), label in zip(row["boxes"], row["labels"], strict=True):
            number += 1
            width, height = xmax - xmin, ymax - ymin
            yield {
                "id": number,
                "image_id": image,
                "category_id": label + 1,
                "bbox": [xmin, ymin, width, height],
                "area": width * height,
                "iscrowd": 0,
            }
