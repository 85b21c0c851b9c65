"""TFRecord without TensorFlow: TensorFlow can read it, and damage is reported."""

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InkError
from pipeline.formats.parquet import COLUMNS, samples_table
from pipeline.formats.sample import Sample
from pipeline.formats.tfrecord import (
    decode_example,
    decode_sample,
    encode_batch,
    encode_example,
    encode_sample,
    read_records,
    write_records,
)

SAMPLES = [Sample("1001/000000", "1001", "啊", 0, 60, 70, b"\x89PNG one"), Sample("a/000003", "", "垯", 300, 1, 2, b"")]
# The record `b"ink"`, written by tf.io.TFRecordWriter of TensorFlow 2.21.
INK_RECORD = "0300000000000000b099490e696e6b9399359a"

READ_WITH_TENSORFLOW = """
import sys, tensorflow as tf
import pipeline.formats.tfrecord  # its Example class must not conflict with that of TensorFlow
text, number = tf.io.FixedLenFeature([], tf.string), tf.io.FixedLenFeature([], tf.int64)
spec = dict.fromkeys(("key", "writer", "char", "image/encoded", "image/format"), text)
spec |= dict.fromkeys(("label", "width", "height"), number)
for record in tf.data.TFRecordDataset(sys.argv[1]):
    row = {name: value.numpy() for name, value in tf.io.parse_single_example(record, spec).items()}
    print(row["key"].decode(), row["char"].decode(), row["label"], row["width"], row["height"], row["image/encoded"])
    assert tf.train.Example.FromString(record.numpy()).features.feature["image/format"].bytes_list.value == [b"png"]
"""


def test_samples_come_out_as_they_went_in(tmp_path):
    path = tmp_path / "samples.tfrecord"
    write_records(path, map(encode_sample, SAMPLES))
    assert [decode_sample(record) for record in read_records(path)] == SAMPLES


def test_the_rows_of_a_batch_are_examples_of_their_own():
    """Rows do not mix, although one message is reused for all of them."""
    columns = pa.Table.from_pylist([sample._asdict() for sample in (*SAMPLES, SAMPLES[0])], COLUMNS)
    (batch,) = samples_table(columns, ["啊", "垯"]).to_batches()
    labelled = [SAMPLES[0], SAMPLES[1]._replace(label=1), SAMPLES[0]]
    expected = []
    for sample in labelled:
        features = sample._asdict()
        expected.append(features | {"image/encoded": features.pop("image"), "image/format": "png"})
    assert list(encode_batch(batch)) == [encode_example(features) for features in expected]


def test_the_framing_is_that_of_tensorflow(tmp_path):
    write_records(tmp_path / "one", [b"ink"])
    assert (tmp_path / "one").read_bytes().hex() == INK_RECORD


def test_a_file_without_records(tmp_path):
    write_records(tmp_path / "none", [])
    assert list(read_records(tmp_path / "none")) == []


def test_lists_of_every_kind():
    example = {"boxes": [0.5, 0.25], "labels": [3, -1], "text": ["x", "é"], "raw": b"\0\xff", "none": []}
    assert decode_example(encode_example(example)) == {
        "boxes": [0.5, 0.25],
        "labels": [3, -1],
        "text": [b"x", "é".encode()],
        "raw": [b"\0\xff"],
        "none": [],
    }


def test_the_order_of_features_makes_no_difference():
    assert encode_example({"a": 1, "b": 2}) == encode_example({"b": 2, "a": 1})


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.data())
@settings(max_examples=50)
def test_damage_never_passes_for_data(tmp_path_factory, records, data):
    path = tmp_path_factory.mktemp("records") / "file"
    write_records(path, records)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(whole[:at] + data.draw(st.sampled_from([b"", changed])) + whole[at + 1 :])
    with pytest.raises(InkError, match=r"wrong checksum|the file is truncated or damaged"):
        list(read_records(path))


def test_tensorflow_reads_the_samples(tmp_path):
    path = tmp_path / "samples.tfrecord"
    write_records(path, map(encode_sample, SAMPLES))
    done = subprocess.run(
        [sys.executable, "-c", READ_WITH_TENSORFLOW, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1001/000000 啊 0 60 70 b'\\x89PNG one'",
        "a/000003 垯 300 1 2 b''",
    ]
