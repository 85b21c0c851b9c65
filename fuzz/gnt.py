"""`.gnt` files: every byte belongs to exactly one record or defect, and the reader copies no pixels."""

from __future__ import annotations

import numpy as np

from pipeline.formats.gnt import HEADER_BYTES, MAX_SIDE, Defect, GntRecord, encode_record, read_gnt


def check(data: bytes) -> None:
    """Asserts that the items partition the file: each ends where the next starts, the last at the end of the file."""
    items = list(read_gnt(data))
    assert [item.index for item in items] == list(range(len(items)))
    assert items[0].offset == 0
    ends = [*(item.offset for item in items[1:]), len(data)]
    for item, end in zip(items, ends, strict=True):
        assert item.offset < end or not data
        if isinstance(item, Defect):
            assert item.reason.isprintable()
        else:
            _check_record(item, end, data)


def _check_record(record: GntRecord, end: int, data: bytes) -> None:
    start = record.offset + HEADER_BYTES
    assert len(record.char) == 1
    assert 1 <= record.width <= MAX_SIDE
    assert 1 <= record.height <= MAX_SIDE
    assert record.pixels.dtype == np.uint8
    assert record.pixels.shape == (record.height, record.width)
    assert start + record.pixels.size == end
    # The pixels are a view of the buffer at their position in the file.
    buffer = np.frombuffer(data, np.uint8)
    assert record.pixels.ctypes.data == buffer.ctypes.data + start


def seeds() -> list[bytes]:
    """Valid files, and each kind of damage that has a separate reason."""
    scans = [np.full((3 + i, 2 + i), 40 * i, np.uint8) for i in range(3)]
    first, second, third = (encode_record(char, scan) for char, scan in zip("啊A座", scans, strict=True))
    whole = first + second + third
    return [
        whole,
        whole[:-2],
        whole + bytes(12),
        first + bytes(5) + second,
        first + second[:-1] + third,
        first + second[:4] + b"\xff\xff" + second[6:] + third,
        b"\n\0\0\0\xb0\xa1\0\0\5\0" + first,
        b"",
    ]
