"""Opens a data set with one library, as its card says, and prints what it found as JSON.

    python readers.py datasets data/splits

Runs in the environment of tests/cards/requirements.txt, without this project. The JSON has `counts`, the number of
samples per split, and `sample`, the values of the sample whose key sorts first.
"""

import io
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np


def pixels(picture) -> int:
    """Sum of the grey levels of a decoded picture."""
    return int(np.asarray(picture, np.int64).sum())


def decoded(png: bytes) -> int:
    from PIL import Image

    return pixels(Image.open(io.BytesIO(png)))


def simple(row: dict) -> dict:
    """A row without its picture: values that JSON holds."""
    return {name: value for name, value in row.items() if name != "image"}


def read_datasets(folder: Path) -> tuple[dict, dict]:
    import datasets

    data = datasets.load_dataset(str(folder))
    rows = [row for split in data.values() for row in split]
    first = min(rows, key=lambda row: row["key"])
    label = next(iter(data.values())).features.get("label")
    names = {"name": label.int2str(first["label"])} if label is not None else {}
    return {name: len(split) for name, split in data.items()}, simple(first) | names | {
        "pixels": pixels(first["image"])
    }


def read_polars(folder: Path) -> tuple[dict, dict]:
    import polars

    parts = sorted({path.name.split("-")[0] for path in (folder / "parquet").iterdir()})
    tables = {part: polars.read_parquet(folder / "parquet" / f"{part}-*.parquet") for part in parts}
    first = polars.concat(list(tables.values())).sort("key").row(0, named=True)
    return {part: len(table) for part, table in tables.items()}, simple(first) | {
        "pixels": decoded(first["image"]["bytes"])
    }


def read_duckdb(folder: Path) -> tuple[dict, dict]:
    import duckdb

    shards = f"read_parquet('{folder}/parquet/*.parquet', filename = true)"
    part = r"regexp_extract(filename, '([a-z]+)-[0-9]+-of-[0-9]+\.parquet$', 1)"
    counts = duckdb.sql(f"SELECT {part}, count(*) FROM {shards} GROUP BY ALL").fetchall()
    found = duckdb.sql(f"SELECT * EXCLUDE filename FROM {shards} ORDER BY key LIMIT 1")
    first = dict(zip(found.columns, found.fetchall()[0], strict=True))
    return dict(counts), simple(first) | {"pixels": decoded(first["image"]["bytes"])}


def read_tfds(folder: Path) -> tuple[dict, dict]:
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(str(folder))
    rows = [row for split in builder.info.splits for row in tfds.as_numpy(builder.as_dataset(split))]
    name = "key" if "key" in builder.info.features else "image/source_id"
    first = min(rows, key=lambda row: row[name])
    values = {name: as_json(value) for name, value in first.items() if name != "image/encoded"}
    features = builder.info.features
    names = {"name": features["label"].int2str(values["label"])} if "label" in features else {}
    counts = {name: split.num_examples for name, split in builder.info.splits.items()}
    assert sum(counts.values()) == len(rows)
    return counts, values | names | {"pixels": pixels(first["image/encoded"])}


def as_json(value):
    """A value without the types of NumPy, with bytes as text."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.generic):
        return value.item()
    return [as_json(item) for item in value] if isinstance(value, np.ndarray | list) else value


def read_coco(folder: Path) -> tuple[dict, dict]:
    from pycocotools.coco import COCO

    sets = {path.stem: COCO(str(path)) for path in sorted((folder / "coco").glob("*.json"))}
    images = [(entry["file_name"], entry, one) for one in sets.values() for entry in one.imgs.values()]
    _, first, one = min(images, key=lambda image: image[0])
    boxes = one.loadAnns(one.getAnnIds(imgIds=[first["id"]]))
    names = [one.cats[box["category_id"]]["name"] for box in boxes]
    values = {"image": first, "boxes": [box["bbox"] for box in boxes], "symbols": names}
    values |= {"pixels": picture(folder / "coco", first["file_name"])}
    segments = {json.dumps(box["segmentation"]) for box in one.anns.values()}
    counts = {name: len(one.imgs) for name, one in sets.items()}
    return counts, values | {"segmentation": sorted(segments), "licences": one.dataset["licenses"]}


def picture(coco: Path, file_name: str) -> int | None:
    """Sum of the grey levels of a picture of a COCO file: a file, or a member of the zip; None if neither is there."""
    if (coco / "images").is_dir():
        return decoded((coco / "images" / file_name).read_bytes())
    if not (coco / "images.zip").is_file():
        return None
    with zipfile.ZipFile(coco / "images.zip") as archive:
        return decoded(archive.read(file_name))


def read_mlcroissant(folder: Path) -> tuple[dict, dict]:
    import mlcroissant

    data = mlcroissant.Dataset(folder / "croissant.json")
    counts, first = Counter(), None
    for record in data.records("samples"):
        row = {name.removeprefix("samples/"): value for name, value in record.items()}
        counts[as_json(row["split"])] += 1
        if first is None or row["key"] < first["key"]:
            first = row
    values = {name: as_json(value) for name, value in simple(first).items()}
    return dict(counts), values | {"pixels": pixels(first["image"])}


READERS = {
    "datasets": read_datasets,
    "polars": read_polars,
    "duckdb": read_duckdb,
    "tfds": read_tfds,
    "pycocotools": read_coco,
    "mlcroissant": read_mlcroissant,
}

if __name__ == "__main__":
    counts, sample = READERS[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps({"counts": counts, "sample": sample}))
