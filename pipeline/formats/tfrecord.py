"""TFRecord files of `tf.train.Example`, written and read without TensorFlow.

A file is a sequence of records: uint64 length, masked CRC-32C of the length, the bytes, masked CRC-32C of the bytes
(https://www.tensorflow.org/tutorials/load_data/tfrecord). This module declares the Example messages in a separate
descriptor pool, so that a process can also import TensorFlow.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c
import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from pipeline.errors import InkError
from pipeline.formats.sample import Sample

Value = bytes | str | int | float | list[bytes] | list[str] | list[int] | list[float]

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_CRC_MASK_DELTA = 0xA282EAD8  # tensorflow/core/lib/hash/crc32c.h
_BUFFER = 1 << 17  # bytes; a hundred characters per system call


def write_records(path: Path | str, records: Iterable[bytes]) -> None:
    """Writes one TFRecord file. Not atomic: the caller renames."""
    with open(path, "wb", buffering=_BUFFER) as file:
        for record in records:
            file.write(_head(len(record)))
            file.write(record)
            file.write(_masked_crc(record))


def read_records(path: Path | str) -> Iterator[bytes]:
    """Yields the records of a TFRecord file.

    Raises:
        InkError: the file is truncated, or a checksum is wrong.
    """
    left = Path(path).stat().st_size
    with open(path, "rb") as file:
        while left:
            header = _checked(file, _LENGTH.size, left, path)
            (length,) = _LENGTH.unpack(header)
            left -= len(header) + _CRC.size
            yield _checked(file, length, left, path)
            left -= length + _CRC.size


def encode_example(features: Mapping[str, Value]) -> bytes:
    """Serialises a `tf.train.Example`: bytes and str become bytes lists, int becomes int64 lists, float float lists.

    The values of a list have one type. An empty list becomes a feature without a kind; TensorFlow reads it as any kind.
    """
    example = _Example()
    for name in sorted(features):
        value = features[name]
        values: list[Any] = value if isinstance(value, list) else [value]
        feature = example.features.feature[name]
        if not values:
            continue
        first = values[0]
        if isinstance(first, int):
            feature.int64_list.value.extend(values)
        elif isinstance(first, float):
            feature.float_list.value.extend(values)
        else:
            feature.bytes_list.value.extend([item.encode() if isinstance(item, str) else item for item in values])
    return example.SerializeToString(deterministic=True)


def decode_example(record: bytes) -> dict[str, list[bytes] | list[int] | list[float]]:
    """The features of a serialised `tf.train.Example`."""
    example = _Example.FromString(record)
    return {
        name: list(getattr(feature, feature.WhichOneof("kind")).value) if feature.WhichOneof("kind") else []
        for name, feature in sorted(example.features.feature.items())
    }


def encode_sample(sample: Sample) -> bytes:
    """Serialises a sample as a `tf.train.Example`."""
    return _SampleExample().encode([value.encode() if isinstance(value, str) else value for value in sample])


def encode_batch(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Yields `encode_sample` for each row of a batch in the layout of `pipeline.formats.parquet`."""
    columns = {name: batch.column(name) for name in Sample._fields}
    columns["image"] = columns["image"].field("bytes")
    example = _SampleExample()
    for row in zip(*map(_values, columns.values()), strict=True):
        yield example.encode(row)


def decode_sample(record: bytes) -> Sample:
    """The sample that `encode_sample` wrote."""
    features: dict[str, Any] = {name: values[0] for name, values in decode_example(record).items()}
    return Sample(
        key=features["key"].decode(),
        writer=features["writer"].decode(),
        char=features["char"].decode(),
        label=features["label"],
        width=features["width"],
        height=features["height"],
        image=features["image/encoded"],
    )


class _SampleExample:
    """A message that is reused for one sample after the other: making a new one takes four times as long.

    A message never frees the memory of earlier samples, so each batch makes a new one.
    """

    def __init__(self) -> None:
        empty: dict[str, Value] = {"key": "", "writer": "", "char": "", "label": 0, "width": 0, "height": 0}
        self._example = _Example.FromString(encode_example({**empty, "image/encoded": b"", "image/format": "png"}))
        features = self._example.features.feature
        names = ("image/encoded" if field == "image" else field for field in Sample._fields)
        self._values = [getattr(features[name], features[name].WhichOneof("kind")).value for name in names]

    def encode(self, row: Sequence[bytes | int]) -> bytes:
        """Serialises the fields of a sample, with strings as UTF-8."""
        for values, value in zip(self._values, row, strict=True):
            values[0] = value
        return self._example.SerializeToString(deterministic=True)


def _values(column: pa.Array) -> list[bytes | int]:
    """The values of a column, with strings as UTF-8."""
    return (column.cast(pa.binary()) if pa.types.is_string(column.type) else column).to_pylist()


@functools.lru_cache(maxsize=1 << 12)
def _head(length: int) -> bytes:
    """The bytes before a record: its length and their checksum."""
    packed = _LENGTH.pack(length)
    return packed + _masked_crc(packed)


def _masked_crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return _CRC.pack(((crc >> 15 | crc << 17) + _CRC_MASK_DELTA) & 0xFFFFFFFF)


def _checked(file: BinaryIO, length: int, left: int, path: Path | str) -> bytes:
    offset = file.tell()
    if length + _CRC.size > left:
        raise InkError(
            f"{path}, offset {offset}: expected {length + _CRC.size} more bytes, found {left}; the file is truncated "
            "or damaged, make it again"
        )
    data = file.read(length)
    if file.read(_CRC.size) != _masked_crc(data):
        raise InkError(f"{path}, offset {offset}: wrong checksum; the file is damaged, make it again")
    return data


def _example_class() -> Callable[..., Any]:
    """The message class of tensorflow/core/example/{feature,example}.proto."""
    proto = descriptor_pb2.FileDescriptorProto(name="ink2edge/example.proto", package="tensorflow", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto

    def message(name: str, *fields: tuple) -> descriptor_pb2.DescriptorProto:
        result = proto.message_type.add(name=name)
        for number, (field_name, label, kind, type_name) in enumerate(fields, start=1):
            result.field.add(name=field_name, number=number, label=label, type=kind, type_name=type_name)
        return result

    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    message("BytesList", ("value", many, field.TYPE_BYTES, None))
    message("FloatList", ("value", many, field.TYPE_FLOAT, None))
    message("Int64List", ("value", many, field.TYPE_INT64, None))
    lists = [(f"{kind}_list", one, field.TYPE_MESSAGE, f".tensorflow.{kind.title()}List") for kind in _KINDS]
    feature = message("Feature", *lists)
    feature.oneof_decl.add(name="kind")
    for item in feature.field:
        item.oneof_index = 0
    features = message("Features", ("feature", many, field.TYPE_MESSAGE, ".tensorflow.Features.FeatureEntry"))
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=one, type=field.TYPE_STRING)
    entry.field.add(name="value", number=2, label=one, type=field.TYPE_MESSAGE, type_name=".tensorflow.Feature")
    message("Example", ("features", one, field.TYPE_MESSAGE, ".tensorflow.Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(proto)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


_KINDS = ("bytes", "float", "int64")
_Example: Any = _example_class()
