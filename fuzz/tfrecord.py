"""TFRecord files: the records that were written, or an `InkError`."""

from __future__ import annotations

from fuzz.scratch import folder
from pipeline.errors import InkError
from pipeline.formats.tfrecord import encode_example, read_records, write_records


def check(data: bytes) -> None:
    """Records that were read write the same file; any record survives a round trip; damage to its file is reported."""
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
