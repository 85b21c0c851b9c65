"""A formula is the same in Parquet and TFRecord, with feature names that other tools know."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InkError
from pipeline.formats.formula import (
    Formula,
    decode_formula,
    encode_formula,
    encode_formulas,
    formula_schema,
    formulas_table,
    part_classes,
    part_size,
    read_formulas,
    read_part,
    write_formulas,
)
from pipeline.formats.parquet import read_classes
from pipeline.formats.tfrecord import decode_example, write_records

CLASSES = ["+", "x", r"\alpha"]
INK = Formula(
    key="TrainINKML/HAMEX/a",
    writer="w é",
    source="TrainINKML/HAMEX",
    truth=r"x+\alpha",
    height=96,
    width=160,
    image=b"\x89PNG one",
    boxes=np.array([[1.0625, 2, 95.9375, 160], [0, 0.5, 3, 7]], np.float32),
    labels=np.array([1, 0], np.int64),
    symbols=["x", "+"],
    strokes=[np.array([0.5, 1.25], np.float32), np.array([1, 2, 3, 4.0625], np.float32)],
    symbol_strokes=[[0, 1], [1]],
)
PHOTO = INK._replace(key="b", source="", writer="", truth="", strokes=[], symbol_strokes=[])
BARE = PHOTO._replace(key="c", boxes=np.zeros((0, 4), np.float32), labels=np.zeros(0, np.int64), symbols=[])
ALL = [INK, PHOTO, BARE, INK._replace(key="d")]

READ_WITH_TENSORFLOW = """
import sys, tensorflow as tf
names = [f"image/object/bbox/{side}" for side in ("ymin", "xmin", "ymax", "xmax")] + ["stroke/points"]
spec = {name: tf.io.VarLenFeature(tf.float32) for name in names}
spec["image/object/class/label"] = tf.io.VarLenFeature(tf.int64)
for record in tf.data.TFRecordDataset(sys.argv[1]):
    row = tf.io.parse_single_example(record, spec)
    print([row[name].values.numpy().tolist() for name in (*names[:2], names[4], "image/object/class/label")])
"""


def assert_same(one: Formula, other: Formula):
    for name, left, right in zip(Formula._fields, one, other, strict=True):
        if name in ("boxes", "labels"):
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)
        elif name == "strokes":
            assert [stroke.dtype for stroke in left] == [np.float32] * len(right)
            assert [stroke.tolist() for stroke in left] == [stroke.tolist() for stroke in right]
        else:
            assert left == right, name


def test_formulas_come_out_of_parquet_as_they_went_in(tmp_path):
    write_formulas(tmp_path / "a.parquet", ALL, CLASSES)
    for one, other in zip(read_formulas(tmp_path / "a.parquet"), ALL, strict=True):
        assert_same(one, other)
    assert read_classes(tmp_path / "a.parquet") == CLASSES


def test_parts_of_a_table_are_read_right():
    """Slices and filters keep the offsets of nested lists."""
    (batch,) = formulas_table(ALL, CLASSES).combine_chunks().to_batches()
    for one, other in zip(encode_formulas(batch.slice(1, 3)), ALL[1:], strict=True):
        assert_same(decode_formula(one), other)


@pytest.mark.parametrize("formula", ALL, ids=lambda formula: formula.key)
def test_formulas_come_out_of_tfrecord_as_they_went_in(formula):
    assert_same(decode_formula(encode_formula(formula)), formula)


def test_the_features_are_those_of_tf_object_detection():
    example = decode_example(encode_formula(INK))
    bounds = {side: example[f"image/object/bbox/{side}"] for side in ("ymin", "xmin", "ymax", "xmax")}
    assert bounds == {
        "ymin": [pytest.approx(1.0625 / 96), 0],
        "xmin": [pytest.approx(2 / 160), pytest.approx(0.5 / 160)],
        "ymax": [pytest.approx(95.9375 / 96), pytest.approx(3 / 96)],
        "xmax": [1, pytest.approx(7 / 160)],
    }
    assert {name: value for name, value in example.items() if "bbox" not in name} == {
        "image/encoded": [INK.image],
        "image/format": [b"png"],
        "image/height": [96],
        "image/width": [160],
        "image/key/sha256": [hashlib.sha256(INK.image).hexdigest().encode()],
        "image/source_id": [b"TrainINKML/HAMEX/a"],
        "image/filename": [b"TrainINKML/HAMEX/a.png"],
        "image/object/class/text": [b"x", b"+"],
        "image/object/class/label": [2, 1],
        "image/object/stroke/count": [2, 1],
        "image/object/stroke/index": [0, 1, 1],
        "stroke/length": [2, 4],
        "stroke/points": [0.5, 1.25, 1, 2, 3, 4.0625],
        "writer": ["w é".encode()],
        "source": [b"TrainINKML/HAMEX"],
        "truth": [rb"x+\alpha"],
    }


@pytest.mark.slow
def test_tensorflow_reads_it_with_and_without_strokes(tmp_path):
    write_records(tmp_path / "a", map(encode_formula, [INK, PHOTO, BARE]))
    command = [sys.executable, "-c", READ_WITH_TENSORFLOW, str(tmp_path / "a")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    one, two, three = map(json.loads, done.stdout.splitlines())
    assert one[2:] == [[0.5, 1.25, 1.0, 2.0, 3.0, 4.0625], [2, 1]]
    assert two == [*one[:2], [], [2, 1]]
    assert three == [[], [], [], []]


def test_the_schema_is_what_datasets_expects():
    features = json.loads(formula_schema(CLASSES).metadata[b"huggingface"])["info"]["features"]
    floats = {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}
    assert features["image"] == {"_type": "Image"}
    assert features["labels"] == {"feature": {"names": CLASSES, "_type": "ClassLabel"}, "_type": "Sequence"}
    assert features["boxes"] == features["strokes"] == {"feature": floats, "_type": "Sequence"}
    assert features["height"] == {"dtype": "int32", "_type": "Value"}
    assert features["symbols"] == {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}
    assert list(features) == list(Formula._fields) == formula_schema(CLASSES).names


def test_the_bytes_do_not_depend_on_the_time_of_writing(tmp_path):
    for name in "ab":
        write_formulas(tmp_path / name, ALL, CLASSES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_formulas(tmp_path):
    write_formulas(tmp_path / "none.parquet", [], CLASSES)
    assert list(read_formulas(tmp_path / "none.parquet")) == []
    assert pq.read_schema(tmp_path / "none.parquet").equals(formula_schema(CLASSES))
    assert isinstance(formulas_table([], CLASSES), pa.Table)


def test_parts_come_shard_by_shard(tmp_path):
    (tmp_path / "parquet").mkdir()
    for shard, rows in enumerate((ALL[:2], ALL[2:])):
        write_formulas(tmp_path / f"parquet/test-{shard:05d}-of-00002.parquet", rows, CLASSES)
    assert [row.key for row in read_part(tmp_path, "test")] == [row.key for row in ALL]
    assert part_size(tmp_path, "test") == len(ALL)
    assert part_classes(tmp_path, "test") == tuple(CLASSES)
    with pytest.raises(InkError, match="dvc repro math-split"):
        list(read_part(tmp_path, "validation"))
