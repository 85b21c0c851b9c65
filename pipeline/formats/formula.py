"""One sample of the math branch, a formula on the canvas with its symbols, in Parquet and TFRecord.

    for formula in read_formulas("data/math/splits/parquet/train-00000-of-00008.parquet"): ...

Parquet shards have the Hugging Face layout of `pipeline.formats.parquet`. TFRecord shards have the feature names of the
TF Object Detection API (https://github.com/tensorflow/models, object_detection/dataset_tools/create_coco_tf_record.py)
and, in addition, `writer`, `source`, `truth`, `stroke/*` and `image/object/stroke/*`. In TFRecord shards, boxes are
normalised and labels start at 1.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.formats.parquet import IMAGE_TYPE, ROW_GROUP_ROWS, read_classes, write_table
from pipeline.formats.png import decode_png
from pipeline.formats.shards import part_shards
from pipeline.formats.tfrecord import decode_example, encode_example

BOX_UNITS = 16  # boxes are multiples of 1/16 pixel, so normalising them is lossless


class Formula(NamedTuple):
    """A formula. `key` is unique in a data set: its path in the source, without the extension."""

    key: str
    writer: str  # "" if the file names none
    source: str  # the folder of `key`
    truth: str  # LaTeX, "" if there is none
    height: int  # of the image, in pixels
    width: int
    image: bytes  # 8-bit grey PNG, ink bright on black, see `pipeline.ink.canvas`
    boxes: np.ndarray  # float32 [n, 4]: ymin, xmin, ymax, xmax in pixels of the image
    labels: np.ndarray  # int64 [n]: lines of the class list, counted from 0
    symbols: list[str]  # names of the labels
    strokes: list[np.ndarray]  # float32 [2 * points] each: x0, y0, x1, y1, ... in pixels; empty for photos
    symbol_strokes: list[list[int]]  # per box, the indices of its strokes; empty for photos


_FLOATS, _INTS = pa.list_(pa.float32()), pa.list_(pa.int32())
_TYPES = {
    "key": pa.string(),
    "writer": pa.string(),
    "source": pa.string(),
    "truth": pa.string(),
    "height": pa.int32(),
    "width": pa.int32(),
    "image": IMAGE_TYPE,
    "boxes": pa.list_(_FLOATS),
    "labels": pa.list_(pa.int64()),
    "symbols": pa.list_(pa.string()),
    "strokes": pa.list_(_FLOATS),
    "symbol_strokes": pa.list_(_INTS),
}


def formula_schema(classes: Sequence[str]) -> pa.Schema:
    """The schema of formulas whose labels index `classes`."""
    features = {name: _feature(kind) for name, kind in _TYPES.items()}
    features["image"] = {"_type": "Image"}
    features["labels"] = {"feature": {"names": list(classes), "_type": "ClassLabel"}, "_type": "Sequence"}
    metadata = json.dumps({"info": {"features": features}}, ensure_ascii=False)
    return pa.schema(list(_TYPES.items()), metadata={"huggingface": metadata})


def formulas_table(formulas: Iterable[Formula], classes: Sequence[str]) -> pa.Table:
    """The table of formulas in its file layout."""
    rows = list(formulas)
    columns: dict[str, list] = {name: [getattr(row, name) for row in rows] for name in Formula._fields}
    columns["image"] = [{"bytes": row.image, "path": None} for row in rows]
    columns["boxes"] = [list(row.boxes) for row in rows]
    schema = formula_schema(classes)
    return pa.Table.from_arrays([pa.array(columns[name], _TYPES[name]) for name in schema.names], schema=schema)


def write_formulas(path: Path | str, formulas: Iterable[Formula], classes: Sequence[str]) -> None:
    """Writes one Parquet file. Not atomic: the caller renames."""
    write_table(path, formulas_table(formulas, classes))


def read_formulas(path: Path | str) -> Iterator[Formula]:
    """Yields the formulas of a Parquet file. Reads one row group at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROW_GROUP_ROWS):
            yield from formulas_of(batch)


def read_part(directory: Path | str, part: str) -> Iterator[Formula]:
    """Yields the formulas of one part of a split, in its order.

    Raises:
        InkError: the part has no shard.
    """
    for shard in part_shards(directory, part, "math-split"):
        yield from read_formulas(shard)


def part_size(directory: Path | str, part: str) -> int:
    """Number of formulas that `read_part` yields."""
    return sum(pq.read_metadata(shard).num_rows for shard in part_shards(directory, part, "math-split"))


def part_classes(directory: Path | str, part: str) -> tuple[str, ...]:
    """The class list that the labels of a part index."""
    return tuple(read_classes(part_shards(directory, part, "math-split")[0]))


def decode_canvas(formula: Formula) -> np.ndarray:
    """The detector's input picture, uint8 [height, width, 1]."""
    return decode_png(formula.image)[..., None]


def formulas_of(batch: pa.RecordBatch) -> Iterator[Formula]:
    """Yields the formulas of a batch in the layout of `formula_schema`."""
    nested = {
        "image": batch.column("image").field("bytes").to_pylist(),
        "boxes": [np.array(boxes, np.float32).reshape(-1, 4) for boxes in _arrays(batch.column("boxes"))],
        "labels": [row.values.to_numpy() for row in batch.column("labels")],
        "strokes": _arrays(batch.column("strokes")),
    }
    columns = (nested[name] if name in nested else batch.column(name).to_pylist() for name in Formula._fields)
    yield from map(Formula._make, zip(*columns, strict=True))


def encode_formula(formula: Formula) -> bytes:
    """Serialises a formula as a `tf.train.Example`."""
    boxes = formula.boxes.astype(np.float64)
    ymin, xmin, ymax, xmax = (boxes / [formula.height, formula.width, formula.height, formula.width]).T.tolist()
    members = formula.symbol_strokes
    return encode_example(
        {
            "image/encoded": formula.image,
            "image/format": "png",
            "image/height": formula.height,
            "image/width": formula.width,
            "image/key/sha256": hashlib.sha256(formula.image).hexdigest(),
            "image/source_id": formula.key,
            "image/filename": file_name(formula.key),
            "image/object/bbox/ymin": ymin,
            "image/object/bbox/xmin": xmin,
            "image/object/bbox/ymax": ymax,
            "image/object/bbox/xmax": xmax,
            "image/object/class/text": formula.symbols,
            "image/object/class/label": (formula.labels + 1).tolist(),
            "image/object/stroke/count": [len(strokes) for strokes in members],
            "image/object/stroke/index": [index for strokes in members for index in strokes],
            "stroke/length": [len(stroke) for stroke in formula.strokes],
            "stroke/points": [value for stroke in formula.strokes for value in stroke.tolist()],
            "writer": formula.writer,
            "source": formula.source,
            "truth": formula.truth,
        }
    )


def encode_formulas(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Yields `encode_formula` for each row of a batch."""
    yield from map(encode_formula, formulas_of(batch))


def decode_formula(record: bytes) -> Formula:
    """The formula that `encode_formula` wrote."""
    features: dict[str, Any] = decode_example(record)
    height, width = features["image/height"][0], features["image/width"][0]
    corners = [features[f"image/object/bbox/{side}"] for side in ("ymin", "xmin", "ymax", "xmax")]
    boxes = np.array(corners, np.float64).T.reshape(-1, 4) * [height, width, height, width]
    points = np.array(features["stroke/points"], np.float32)
    key, writer, source, truth = (
        features[name][0].decode() for name in ("image/source_id", "writer", "source", "truth")
    )
    return Formula(
        key,
        writer,
        source,
        truth,
        height,
        width,
        features["image/encoded"][0],
        (np.round(boxes * BOX_UNITS) / BOX_UNITS).astype(np.float32),
        np.array(features["image/object/class/label"], np.int64) - 1,
        [text.decode() for text in features["image/object/class/text"]],
        _pieces(points, features["stroke/length"]),
        [
            part.tolist()
            for part in _pieces(
                np.array(features["image/object/stroke/index"], np.int64), features["image/object/stroke/count"]
            )
        ],
    )


def file_name(key: str) -> str:
    """The name of a formula's picture in archives and COCO files."""
    return f"{key}.png"


def _feature(kind: pa.DataType) -> dict:
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": str(kind).replace("float", "float32"), "_type": "Value"}


def _arrays(column: pa.Array) -> list[list[np.ndarray]]:
    """The rows of a column of lists of lists of floats, as views into the column."""
    inner = column.flatten()
    values = inner.flatten().to_numpy()
    arrays = _pieces(values, inner.value_lengths().to_numpy())
    bounds = np.concatenate([[0], np.cumsum(column.value_lengths().to_numpy())]).tolist()
    return [arrays[start:stop] for start, stop in itertools.pairwise(bounds)]


def _pieces(values: np.ndarray, lengths: Sequence[int] | np.ndarray) -> list[np.ndarray]:
    return np.split(values, np.cumsum(lengths)[:-1]) if len(lengths) else []
