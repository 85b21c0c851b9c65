"""Parquet in the Hugging Face layout."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.formats.parquet import IMAGE_TYPE, ROW_GROUP_ROWS, read_classes, read_samples, write_samples, write_table
from pipeline.formats.sample import Sample

CLASSES = ["啊", "垯"]
SAMPLES = [
    Sample("1001/000000", "1001", "垯", 1, 60, 70, b"\x89PNG one"),
    Sample("a/000003", "", "啊", 0, 1, 2, b"two"),
]


def test_samples_come_out_as_they_went_in(tmp_path):
    write_samples(tmp_path / "one.parquet", SAMPLES, CLASSES)
    assert list(read_samples(tmp_path / "one.parquet")) == SAMPLES


def test_the_schema_is_what_datasets_expects(tmp_path):
    write_samples(tmp_path / "one.parquet", SAMPLES, CLASSES)
    schema = pq.read_schema(tmp_path / "one.parquet")
    assert dict(zip(schema.names, map(str, schema.types), strict=True)) == {
        "key": "string",
        "writer": "string",
        "char": "string",
        "label": "int64",
        "width": "int32",
        "height": "int32",
        "image": "struct<bytes: binary, path: string>",
    }
    assert set(schema.metadata) == {b"huggingface"}
    assert json.loads(schema.metadata[b"huggingface"]) == {
        "info": {
            "features": {
                "key": {"dtype": "string", "_type": "Value"},
                "writer": {"dtype": "string", "_type": "Value"},
                "char": {"dtype": "string", "_type": "Value"},
                "label": {"names": CLASSES, "_type": "ClassLabel"},
                "width": {"dtype": "int32", "_type": "Value"},
                "height": {"dtype": "int32", "_type": "Value"},
                "image": {"_type": "Image"},
            }
        }
    }
    assert read_classes(tmp_path / "one.parquet") == CLASSES


def test_row_groups_are_fixed_and_rows_without_samples_are_fine(tmp_path):
    many = [SAMPLES[0]._replace(key=f"1001/{index:06d}") for index in range(ROW_GROUP_ROWS + 1)]
    write_samples(tmp_path / "many.parquet", many, CLASSES)
    metadata = pq.read_metadata(tmp_path / "many.parquet")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [ROW_GROUP_ROWS, 1]
    write_samples(tmp_path / "none.parquet", [], CLASSES)
    assert list(read_samples(tmp_path / "none.parquet")) == []
    assert pq.read_metadata(tmp_path / "none.parquet").num_row_groups == 0
    assert pq.read_schema(tmp_path / "none.parquet") == pq.read_schema(tmp_path / "many.parquet")


def test_lists_of_numbers_are_compressed_and_pictures_are_not(tmp_path):
    strokes = [[[float(x) / 16 for x in range(i, i + 40)]] for i in range(50)]
    image = pa.array([{"bytes": b"png", "path": None}] * 50, IMAGE_TYPE)
    table = pa.table({"strokes": pa.array(strokes, pa.list_(pa.list_(pa.float32()))), "image": image})
    write_table(tmp_path / "a.parquet", table)
    group = pq.read_metadata(tmp_path / "a.parquet").row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    assert [(column.path_in_schema, column.compression) for column in columns] == [
        ("strokes.list.element.list.element", "ZSTD"),
        ("image.bytes", "UNCOMPRESSED"),
        ("image.path", "UNCOMPRESSED"),
    ]
    assert "BYTE_STREAM_SPLIT" in columns[0].encodings
    assert pq.read_table(tmp_path / "a.parquet").equals(table)


def test_the_bytes_do_not_depend_on_the_time_of_writing(tmp_path):
    for name in "ab":
        write_samples(tmp_path / name, SAMPLES, CLASSES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
