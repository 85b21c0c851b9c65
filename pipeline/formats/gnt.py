"""CASIA `.gnt` files: a reader that trusts no header, and a writer.

A file is records back to back, little endian, no index: uint32 sample_size = 10 + width * height, 2 bytes tag code,
uint16 width, uint16 height, then width * height bytes of grey, row by row, 255 = paper
(https://nlpr.ia.ac.cn/databases/handwriting/Offline_database.html).

    for item in read_gnt(buffer):           # bytes, mmap, memoryview
        if isinstance(item, GntRecord): ... # item.char, item.pixels [height, width] uint8, a view into the buffer
        else: ...                           # Defect: item.offset, item.reason

The reader walks from header to header and allocates nothing. Where a header does not hold, it reports one defect and
looks for the next place where one does, so that damage costs only the records that it hit. 32 bits of size that agree
with two bounded sides are about 42 bits of evidence: chance does not produce them.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.errors import InkError
from pipeline.files import atomic_file

HEADER = struct.Struct("<I2sHH")
HEADER_BYTES = HEADER.size  # 10
MAX_SIDE = 2048  # pixels: 17 cm at the 300 dpi of CASIA's scans; no single character is that large
_FIRST_WINDOW, _LAST_WINDOW = 1 << 12, 1 << 18  # bytes that a step of the search for the next header looks at


@dataclass(frozen=True, slots=True, eq=False)
class GntRecord:
    """One scan. `pixels` is uint8 [height, width], 255 = paper, a view that lives as long as its buffer."""

    index: int  # position among the records and defects of the file
    offset: int  # of the header, in bytes
    char: str
    width: int
    height: int
    pixels: np.ndarray


@dataclass(frozen=True, slots=True)
class Defect:
    """A place in a file that gave no record."""

    index: int
    offset: int
    reason: str


class _Header(NamedTuple):
    offset: int
    end: int
    tag: bytes
    width: int
    height: int


def read_gnt(buffer: bytes | mmap.mmap | memoryview) -> Iterator[GntRecord | Defect]:
    """Yields what stands in a `.gnt` file, in file order: records, and defects where there is none to be had."""
    data = memoryview(buffer)
    size = len(data)
    index = offset = 0
    if not size:
        yield Defect(0, 0, "empty file")
    while offset < size:
        header = _header(data, offset)
        follower = header is not None and _follows(data, header.end)
        if header is not None and follower:
            yield _record(data, index, header)
            index, offset = index + 1, header.end
            continue
        # Either this header or the next one is wrong, or bytes are missing from (or were put into) the pixels between.
        start = offset + (1 if header is None else HEADER_BYTES)
        resume = _next_header(data, start)
        if header is not None and header.end <= min(resume, size):
            yield _record(data, index, header)
            index, offset = index + 1, header.end
        if offset < resume:
            yield Defect(index, offset, _reason(data, offset, resume))
            index, offset = index + 1, resume


def encode_record(char: str, image: np.ndarray) -> bytes:
    """One record: `char` as its GBK (or ASCII + NUL) tag, `image` uint8 [height, width] with 255 = paper.

    Raises:
        InkError: a character without a tag, or an image that the format (or `MAX_SIDE`) cannot hold.
    """
    tag = _encode_tag(char)
    if image.dtype != np.uint8 or image.ndim != 2:
        raise InkError(f"expected a uint8 image [height, width], found {image.dtype} {list(image.shape)}")
    height, width = image.shape
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise InkError(f"expected sides of 1 to {MAX_SIDE} pixels, found {width} x {height}")
    return HEADER.pack(HEADER_BYTES + width * height, tag, width, height) + image.tobytes()


def write_gnt(path: Path | str, records: Iterable[tuple[str, np.ndarray]]) -> None:
    """Writes `(char, image)` pairs as they come, see `encode_record`. The file appears when it is complete."""
    with atomic_file(path) as partial, open(partial, "wb") as file:
        for char, image in records:
            file.write(encode_record(char, image))


@cache
def decode_tag(tag: bytes) -> str | None:
    """The character of a two-byte tag code: GBK, or printable ASCII followed by NUL; None when it is neither."""
    if tag[1] == 0:
        return chr(tag[0]) if 0x20 < tag[0] < 0x7F else None
    try:
        char = tag.decode("gbk")
    except UnicodeDecodeError:
        return None
    return char if len(char) == 1 else None


def _encode_tag(char: str) -> bytes:
    try:
        tag = char.encode("gbk")
    except UnicodeEncodeError:
        tag = b""
    tag = tag + b"\0" if len(tag) == 1 else tag
    if len(tag) != 2 or decode_tag(tag) != char:
        raise InkError(f"expected one character of GBK, found {char!r}; .gnt has no tag code for it")
    return tag


def _header(data: memoryview, offset: int) -> _Header | None:
    """The header at `offset`, if its size agrees with its sides and no side is absurd. It may reach past the end."""
    if offset + HEADER_BYTES > len(data):
        return None
    size, tag, width, height = HEADER.unpack_from(data, offset)
    if size != HEADER_BYTES + width * height or width > MAX_SIDE or height > MAX_SIDE:
        return None
    return _Header(offset, offset + size, tag, width, height)


def _follows(data: memoryview, end: int) -> bool:
    """Whether a record may end at `end`: the file ends there too, or another header stands there."""
    return end == len(data) or (end < len(data) and _header(data, end) is not None)


def _next_header(data: memoryview, start: int) -> int:
    """The first offset from `start` on where a whole record stands; the length of the file when there is none."""
    length = _FIRST_WINDOW
    while start + HEADER_BYTES <= len(data):
        window = np.frombuffer(data[start : start + length + HEADER_BYTES - 1], np.uint8)
        for candidate in _candidates(window):
            header = _header(data, start + candidate)
            if header is not None and _is_whole_record(data, header):
                return header.offset
        start += length
        length = min(2 * length, _LAST_WINDOW)
    return len(data)


def _is_whole_record(data: memoryview, header: _Header) -> bool:
    if header.end > len(data) or not header.width or not header.height:
        return False
    # With a tag that means nothing, only a sound neighbour makes it a record.
    return decode_tag(header.tag) is not None or _follows(data, header.end)


def _candidates(window: np.ndarray) -> list[int]:
    """Offsets in uint8 [n] where size, width and height agree."""
    count = len(window) - HEADER_BYTES + 1

    def uint16(at: int) -> np.ndarray:
        return window[at : at + count].astype(np.int64) | window[at + 1 : at + 1 + count].astype(np.int64) << 8

    size, width, height = uint16(0) | uint16(2) << 16, uint16(6), uint16(8)
    return np.flatnonzero(size == HEADER_BYTES + width * height).tolist()


def _record(data: memoryview, index: int, header: _Header) -> GntRecord | Defect:
    offset, _, tag, width, height = header
    if not width or not height:
        return Defect(index, offset, f"zero area: width {width}, height {height}")
    char = decode_tag(tag)
    if char is None:
        return Defect(index, offset, f"undecodable tag {tag.hex()}: neither GBK nor ASCII + NUL")
    pixels = np.frombuffer(data, np.uint8, width * height, offset + HEADER_BYTES).reshape(height, width)
    return GntRecord(index, offset, char, width, height, pixels)


def _reason(data: memoryview, offset: int, resume: int) -> str:
    """Why `data[offset:resume]` is no record."""
    left = len(data) - offset
    if resume == len(data) and offset == 0 and _header(data, 0) is None:
        return f"not a .gnt file: no sound record in {left} bytes"
    if left < HEADER_BYTES:
        return f"trailing bytes: {left}, fewer than a header"
    size, _, width, height = HEADER.unpack_from(data, offset)
    skipped = f"{resume - offset} bytes skipped" if resume < len(data) else f"no record in the last {left} bytes"
    if size != HEADER_BYTES + width * height:
        return f"wrong length: sample_size {size}, but 10 + {width} x {height} = {10 + width * height}; {skipped}"
    if width > MAX_SIDE or height > MAX_SIDE:
        return f"oversized: {width} x {height}, at most {MAX_SIDE} a side; {skipped}"
    if resume < len(data):
        return f"cut short: {size} bytes expected, the next record starts after {resume - offset}"
    return f"truncated: {size} bytes expected, {left} left"
