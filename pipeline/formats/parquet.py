"""Parquet shards in the Hugging Face layout: `datasets`, pandas, Polars and DuckDB open them directly.

    datasets.load_dataset("parquet", data_files="data/splits/parquet/train-*.parquet")

`image` is `struct<bytes, path>`. The schema's metadata declares it an `Image`, and `label` a `ClassLabel`. Pages are
not compressed, because PNG bytes already are; repetitive columns are dictionary encoded. Columns of lists (boxes, pen
strokes) are compressed with Zstandard, their floats byte by byte (BYTE_STREAM_SPLIT): strokes take 38 % of their size.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import InkError
from pipeline.formats.sample import Sample

ROW_GROUP_ROWS = 1024  # 1.1 MB of 56 x 56 ink: a shuffling reader reads whole row groups
LABEL_TYPE = pa.int64()  # `datasets` accepts a ClassLabel column only in this type
IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS = pa.schema(
    {
        "key": pa.string(),
        "writer": pa.string(),
        "char": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "image": pa.binary(),
    }
)
"""Columns of a sample before its label is known and its image is wrapped."""


def sample_schema(classes: Sequence[str]) -> pa.Schema:
    """The schema of samples whose labels index `classes`."""
    types = {field.name: field.type for field in COLUMNS} | {"label": LABEL_TYPE, "image": IMAGE_TYPE}
    types = {name: types[name] for name in Sample._fields}
    features: dict[str, dict] = {name: {"dtype": str(kind), "_type": "Value"} for name, kind in types.items()}
    features["label"] = {"names": list(classes), "_type": "ClassLabel"}
    features["image"] = {"_type": "Image"}
    metadata = json.dumps({"info": {"features": features}}, ensure_ascii=False)
    return pa.schema(list(types.items()), metadata={"huggingface": metadata})


def samples_table(columns: pa.Table, classes: Sequence[str]) -> pa.Table:
    """The table of samples in its file layout, made from `COLUMNS`; `char` gives `label`. Drops other columns."""
    labels = pc.index_in(columns["char"].combine_chunks(), pa.array(classes, pa.string())).cast(LABEL_TYPE)
    encoded = columns["image"].combine_chunks()
    images = pa.StructArray.from_arrays([encoded, pa.nulls(len(encoded), pa.string())], fields=list(IMAGE_TYPE))
    arrays = {"label": labels, "image": images}
    schema = sample_schema(classes)
    return pa.Table.from_arrays(
        [arrays[name] if name in arrays else columns[name] for name in schema.names], schema=schema
    )


def write_samples(path: Path | str, samples: Iterable[Sample], classes: Sequence[str]) -> None:
    """Writes one Parquet file. Not atomic: the caller renames."""
    columns = pa.Table.from_pylist([sample._asdict() for sample in samples], COLUMNS)
    write_table(path, samples_table(columns, classes))


def write_table(path: Path | str, table: pa.Table) -> None:
    """Writes a table with the settings that all data outputs of this project share. Not atomic."""
    repetitive = [field.name for field in table.schema if field.name in {"writer", "char", "label", "source"}]
    lists = dict(_list_leaves(table.schema))
    floats = {path: "BYTE_STREAM_SPLIT" for path, kind in lists.items() if pa.types.is_floating(kind)}
    with pq.ParquetWriter(
        path,
        table.schema,
        compression=dict.fromkeys(lists, "zstd") if lists else "none",
        use_dictionary=repetitive,
        column_encoding=floats or None,
        write_statistics=repetitive,
        store_schema=True,
    ) as writer:
        if table.num_rows:  # Hugging Face `datasets` fails on a row group without rows
            writer.write_table(table, ROW_GROUP_ROWS)


def _list_leaves(schema: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    """Yields the Parquet path and the type of the innermost values of each column of lists."""
    for field in schema:
        path, kind = field.name, field.type
        while pa.types.is_list(kind):
            path, kind = f"{path}.list.element", kind.value_type
        if path != field.name:
            yield path, kind


@contextlib.contextmanager
def damage_reported(path: Path | str) -> Iterator[None]:
    """Context for reading a shard: turns read errors into an `InkError` about `path`.

    Raises:
        InkError: the shard is missing, truncated or damaged.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise InkError(f"{path}: expected a complete Parquet file, found an error: {error}; make it again") from error


def read_samples(path: Path | str) -> Iterator[Sample]:
    """Yields the samples of a Parquet file. Reads one row group at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROW_GROUP_ROWS):
            for row in batch.to_pylist():
                yield Sample(**row | {"image": row["image"]["bytes"]})


def read_classes(path: Path | str) -> list[str]:
    """The class list in the metadata of a Parquet file."""
    metadata = pq.read_schema(path).metadata[b"huggingface"]
    features = json.loads(metadata)["info"]["features"]
    return (features["label"] if "label" in features else features["labels"]["feature"])["names"]
