"""Pictures: the reader returns grey pixels within the limit, or raises an `ImageError`.

A lower limit on pixels keeps executions short; the memory for a picture is proportional to its pixels.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from unittest.mock import patch

import numpy as np
from PIL import Image

from pipeline.formats import image as image_file
from pipeline.formats.image import FORMATS, ImageError, read_grey

MAX_PIXELS = 1 << 18
_PNG = b"\x89PNG\r\n\x1a\n"


def check(data: bytes) -> None:
    """Reads the unchanged bytes, and PNGs also with corrected checksums, because mutation breaks these first."""
    with patch.object(image_file, "MAX_PIXELS", MAX_PIXELS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about damaged files
        _check(data)
        if data.startswith(_PNG):
            _check(_with_checksums(data))


def _check(data: bytes) -> None:
    try:
        grey = read_grey(data)
    except ImageError as error:
        assert not isinstance(error.__cause__, MemoryError), "more memory than allowed"
        assert str(error)
        return
    assert grey.dtype == np.uint8
    assert grey.ndim == 2
    assert 0 < grey.size <= MAX_PIXELS


def _with_checksums(data: bytes) -> bytes:
    parts, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        typed = data[at + 4 : at + 8 + length]
        parts.append(struct.pack(">I", max(len(typed) - 4, 0)) + typed + struct.pack(">I", zlib.crc32(typed)))
        at += 12 + length
    return b"".join(parts)


def seeds() -> list[bytes]:
    """A tiny file of each format, in several modes if the format has them."""
    ramp = Image.fromarray(np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6))
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures: list[tuple[Image.Image, str, dict]] = [(ramp, kind, {}) for kind in FORMATS]
    pictures += [(ramp.convert(mode), kind, {}) for mode in ("1", "P", "LA", "RGBA") for kind in ("PNG", "TIFF")]
    pictures += [(ramp.convert(mode), "TIFF", {}) for mode in ("I", "F", "I;16", "CMYK", "LAB")]
    pictures += [(ramp, "TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits")]
    pictures += [(ramp, "JPEG", {"progressive": True}), (ramp.convert("CMYK"), "JPEG", {"exif": exif})]
    pictures += [(ramp, "PNG", {"exif": exif}), (ramp.convert("RGBA"), "WEBP", {"lossless": True})]
    pictures += [(ramp, "GIF", {"save_all": True, "append_images": [ramp.rotate(90, expand=True)], "transparency": 0})]
    return [_saved(*picture) for picture in pictures]


def _saved(picture: Image.Image, kind: str, options: dict) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
