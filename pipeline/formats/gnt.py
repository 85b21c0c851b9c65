"""CASIA `.gnt` files: a reader that verifies each header, and a writer.

A file is a sequence of records, little endian, without an index: uint32 sample_size = 10 + width * height, 2 bytes tag
code, uint16 width, uint16 height, then width * height bytes of grey, row by row, 255 = paper
(https://nlpr.ia.ac.cn/databases/handwriting/Offline_database.html).

    for item in read_gnt(buffer):           # bytes, mmap, memoryview
        if isinstance(item, GntRecord): ... # item.char, item.pixels [height, width] uint8, a view into the buffer
        else: ...                           # Defect: item.offset, item.reason

The reader goes from header to header and allocates nothing. If a header is invalid, the reader reports one defect and
searches for the next valid header, so damage affects only the damaged records. A 32-bit size that agrees with two
bounded sides is about 42 bits of evidence, so random bytes do not pass for a header.
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
MAX_SIDE = 2048  # pixels: 17 cm at the 300 dpi of CASIA's scans; characters are smaller
_FIRST_WINDOW, _LAST_WINDOW = 1 << 12, 1 << 18  # bytes per step of the search for the next header


@dataclass(frozen=True, slots=True, eq=False)
class GntRecord:
    """One scan. `pixels` is uint8 [height, width], 255 = paper: a view, valid as long as its buffer."""

    index: int  # position among the records and defects of the file
    offset: int  # of the header, in bytes
    char: str
    width: int
    height: int
    pixels: np.ndarray


@dataclass(frozen=True, slots=True)
class Defect:
    """A part of a file from which no record could be read."""

    index: int
    offset: int
    reason: str


class Span(NamedTuple):
    """A part of a file between two boundaries of records."""

    first: int  # index of its first record
    start: int  # bytes
    stop: int  # bytes

    @property
    def read_to(self) -> int:
        """End of the bytes that its reader needs: the next header confirms the last record. May lie behind the file."""
        return self.stop + HEADER_BYTES


class _Header(NamedTuple):
    offset: int
    end: int
    tag: bytes
    width: int
    height: int


def read_gnt(buffer: bytes | mmap.mmap | memoryview, span: Span | None = None) -> Iterator[GntRecord | Defect]:
    """Yields the contents of a `.gnt` file in file order: records, and defects where no record can be recovered.

    Args:
        buffer: the file; with `span`, its bytes from `span.start` to `span.read_to`.
        span: the part to read. The parts of `spans` yield together exactly what the file yields.
    """
    data = memoryview(buffer)
    first, start, stop = span or Span(0, 0, len(data))
    return _read(data, first, start, stop - start)


def spans(buffer: bytes | mmap.mmap | memoryview, most: int) -> list[Span]:
    """Splits a file into parts of at least `most` bytes (the last may be smaller), at boundaries of sound records.

    A boundary lies between two records of which the second starts where the first ends. The reader's state there is
    only its offset and index, so reading can start anew.
    """
    found, start, index, end = list[Span](), 0, 0, -1
    for item in read_gnt(buffer):
        is_record = isinstance(item, GntRecord)
        if is_record and item.offset == end and item.offset - start >= most:
            found.append(Span(index, start, item.offset))
            index, start = item.index, item.offset
        end = item.offset + HEADER_BYTES + item.pixels.size if isinstance(item, GntRecord) else -1
    return [*found, Span(index, start, len(buffer))]


def _read(data: memoryview, index: int, start: int, stop: int) -> Iterator[GntRecord | Defect]:
    """Yields the contents of `data` up to `stop`; `index` and `start` are those of its first byte in the file."""
    size, offset = len(data), 0
    if not size:
        yield Defect(0, 0, "empty file")
    while offset < stop:
        header = _header(data, offset)
        follower = header is not None and _follows(data, header.end)
        if header is not None and follower:
            yield _record(data, index, start, header)
            index, offset = index + 1, header.end
            continue
        # This header or the next one is wrong, or the pixels between them have missing or extra bytes.
        resume = _next_header(data, offset + (1 if header is None else HEADER_BYTES))
        if header is not None and header.end <= min(resume, size):
            yield _record(data, index, start, header)
            index, offset = index + 1, header.end
        if offset < resume:
            yield Defect(index, start + offset, _reason(data, offset, resume))
            index, offset = index + 1, resume


def encode_record(char: str, image: np.ndarray) -> bytes:
    """Encodes one record.

    Args:
        char: a character with a GBK or ASCII + NUL tag code.
        image: uint8 [height, width], 255 = paper.

    Raises:
        InkError: a character without a tag code, or an image that the format or `MAX_SIDE` does not allow.
    """
    tag = _encode_tag(char)
    if image.dtype != np.uint8 or image.ndim != 2:
        raise InkError(f"expected a uint8 image [height, width], found {image.dtype} {list(image.shape)}")
    height, width = image.shape
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise InkError(f"expected sides of 1 to {MAX_SIDE} pixels, found {width} x {height}")
    return HEADER.pack(HEADER_BYTES + width * height, tag, width, height) + image.tobytes()


def write_gnt(path: Path | str, records: Iterable[tuple[str, np.ndarray]]) -> None:
    """Writes `(char, image)` pairs in their order, see `encode_record`. The file appears when it is complete."""
    with atomic_file(path) as partial, open(partial, "wb") as file:
        for char, image in records:
            file.write(encode_record(char, image))


@cache
def decode_tag(tag: bytes) -> str | None:
    """The character of a two-byte tag code: GBK, or printable ASCII followed by NUL; None if it is neither."""
    if tag[1] == 0:
        return chr(tag[0]) if 0x20 < tag[0] < 0x7F else None
    try:
        char = tag.decode("gbk")
    except UnicodeDecodeError:
        return None
    return char if len(char) == 1 else None


def has_tag(char: str) -> bool:
    """Whether `.gnt` has a tag code for a character; 43 of those with medians (components such as ⺮) have none."""
    try:
        _encode_tag(char)
    except InkError:
        return False
    return True


def _encode_tag(char: str) -> bytes:
    try:
        tag = char.encode("gbk")
    except UnicodeEncodeError:
        tag = b""
    tag = tag + b"\0" if len(tag) == 1 else tag
    if len(tag) != 2 or decode_tag(tag) != char:
        raise InkError(f"expected one GBK character, found {char!r}; .gnt has no tag code for it")
    return tag


def _header(data: memoryview, offset: int) -> _Header | None:
    """The header at `offset`, if its size agrees with its sides and these are at most `MAX_SIDE`; None otherwise.

    The record may extend beyond the end of the data.
    """
    if offset + HEADER_BYTES > len(data):
        return None
    size, tag, width, height = HEADER.unpack_from(data, offset)
    if size != HEADER_BYTES + width * height or width > MAX_SIDE or height > MAX_SIDE:
        return None
    return _Header(offset, offset + size, tag, width, height)


def _follows(data: memoryview, end: int) -> bool:
    """Whether a record may end at `end`: the file ends there too, or another header starts there."""
    return end == len(data) or (end < len(data) and _header(data, end) is not None)


def _next_header(data: memoryview, start: int) -> int:
    """Offset of the first complete record at or after `start`; the length of the file if there is none."""
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
    # If the tag is invalid, only a valid neighbour confirms the record.
    return decode_tag(header.tag) is not None or _follows(data, header.end)


def _candidates(window: np.ndarray) -> list[int]:
    """Offsets in a uint8 [n] window where size, width and height agree."""
    count = len(window) - HEADER_BYTES + 1

    def uint16(at: int) -> np.ndarray:
        return window[at : at + count].astype(np.int64) | window[at + 1 : at + 1 + count].astype(np.int64) << 8

    size, width, height = uint16(0) | uint16(2) << 16, uint16(6), uint16(8)
    return np.flatnonzero(size == HEADER_BYTES + width * height).tolist()


def _record(data: memoryview, index: int, start: int, header: _Header) -> GntRecord | Defect:
    at, _, tag, width, height = header
    offset = start + at
    if not width or not height:
        return Defect(index, offset, f"zero area: width {width}, height {height}")
    char = decode_tag(tag)
    if char is None:
        return Defect(index, offset, f"undecodable tag {tag.hex()}: neither GBK nor ASCII + NUL")
    pixels = np.frombuffer(data, np.uint8, width * height, at + HEADER_BYTES).reshape(height, width)
    return GntRecord(index, offset, char, width, height, pixels)


def _reason(data: memoryview, offset: int, resume: int) -> str:
    """The reason why `data[offset:resume]` is not a record."""
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
