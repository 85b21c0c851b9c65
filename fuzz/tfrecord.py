"""TFRecord files: the reader returns the records that were written, or raises an `InkError`."""

from __future__ import annotations

from fuzz.scratch import folder
from pipeline.errors import InkError
from pipeline.formats.tfrecord import encode_example, read_records, write_records


def check(data: bytes) -> None:
    """Asserts that records read from a file write the same file, and that any record survives a round trip."""
    path = folder() / "file.tfrecord"
    path.write_bytes(data)
    try:
        records = list(read_records(path))
    except InkError as error:
        assert str(path) in str(error)
    else:
        write_records(path, records)
        assert path.read_bytes() == data
    write_records(path, [data])
    assert list(read_records(path)) == [data]


def seeds() -> list[bytes]:
    """A file of two records, and a truncated one."""
    path = folder() / "seed.tfrecord"
    write_records(path, [encode_example({"key": "a", "label": 3, "sides": [1.5, 2.5]}), b""])
    return [path.read_bytes(), path.read_bytes()[:-3], b""]
