"""Reads a picture file as upright grey pixels. Limits make it safe for files from any origin.

    grey = read_grey(data)     # uint8 [height, width]; ImageError if the file is not a picture

The reader applies EXIF rotation. It puts a transparent picture on a ground that shows its ink: white under dark
strokes, black under light strokes. It converts deeper pixels to 8 bits; values that use only a part of their range keep
its detail. Pillow's conversions to grey and the decoders of libjpeg and zlib use integer arithmetic, so the same file
gives the same pixels on every machine.
"""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 1 << 26
MAX_PIXELS = 50_000_000  # a phone's camera has 12 to 50 million
MAX_SCANS = 100  # of a JPEG, each as slow as the first; libtiff has the same limit, encoders write about ten at most
BRIGHT = 128  # least level of a light pixel
MIXED = 50  # a sheet has at least 1 / MIXED of its pixels on either side of `BRIGHT`
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM")  # formats that may be parsed

_MARKER = re.compile(rb"\xff+[^\x00\x01\xd0-\xd7\xff]")  # JPEG markers, without restarts and stuffed bytes


class ImageError(ValueError):
    """Bytes that cannot be read as a picture, and the reason."""


def read_grey(data: bytes) -> np.ndarray:
    """The first picture of a file, uint8 [height, width].

    Raises:
        ImageError: the file is too large, truncated or damaged, or not a picture in `FORMATS`.
    """
    if len(data) > MAX_BYTES:
        raise ImageError(f"too large: {len(data)} bytes, at most {MAX_BYTES} are read")
    if not data:
        raise ImageError("empty file")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(f"too large: {width} x {height} pixels, at most {MAX_PIXELS} are read")
            if image.format in ("JPEG", "MPO") and _scans(data) > MAX_SCANS:
                raise ImageError(f"too many scans: more than {MAX_SCANS}")
            return _grey(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except UnidentifiedImageError as error:  # its message contains a memory address, which differs in every run
        raise ImageError(f"no readable picture: none of {', '.join(FORMATS)}") from error
    except Exception as error:  # Pillow raises many kinds of exceptions for damaged files
        raise ImageError(f"no readable picture: {error}") from error


def flatten(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Puts a transparent picture on the ground that shows its ink: black under light strokes, white under dark strokes.

    If the opaque part covers more than half of the picture and is both light and dark, it is a sheet with ink: the
    ground then continues the sheet.

    Args:
        grey: uint8 [height, width].
        alpha: uint8 [height, width], 0 = transparent, 255 = opaque.

    Returns:
        uint8 [height, width].
    """
    total, light = int(alpha.sum(dtype=np.int64)), int(alpha[grey >= BRIGHT].sum(dtype=np.int64))
    is_sheet = 2 * total > 255 * alpha.size and min(light, total - light) * MIXED >= total
    ground = np.uint16(255 if (2 * light > total) == is_sheet else 0)
    share = alpha.astype(np.uint16)
    return ((grey * share + ground * (255 - share) + 127) // 255).astype(np.uint8)


def _scans(data: bytes) -> int:
    """Number of scans in a JPEG; stops above `MAX_SCANS`, because a scan takes much time but few bytes."""
    at = count = 0
    while count <= MAX_SCANS and (marker := _MARKER.search(data, at)) and marker[0][-1] != 0xD9:
        kind, at = marker[0][-1], marker.end()
        count += kind == 0xDA
        if kind != 0xD8:  # only the start marker has no length
            at += max(int.from_bytes(data[at : at + 2], "big"), 2)
    return count


def _grey(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I;16"):
        return _fitted(np.asarray(image).astype(np.int64))
    if image.mode in ("I", "F"):
        return _stretched(np.asarray(image).astype(np.float64))
    if image.mode == "LAB":
        return np.array(image.getchannel(0))
    if image.has_transparency_data:
        visible = image.convert("RGBA")
        return flatten(np.asarray(visible.convert("RGB").convert("L")), np.asarray(visible.getchannel("A")))
    return np.array(image.convert("L"))


def _fitted(values: np.ndarray) -> np.ndarray:
    """Converts 16-bit values to 8 bits: drops as few bits as the largest value allows.

    So 12-bit values and dark pictures keep their detail. A picture whose values span fewer than 256 levels keeps each
    level; if they do not fit into 8 bits, the largest becomes 255.
    """
    low, high = int(values.min()), int(values.max())
    if high - low < 256:
        return (values - max(high - 255, 0)).astype(np.uint8)
    return (values >> max(high.bit_length() - 8, 0)).astype(np.uint8)


def _stretched(values: np.ndarray) -> np.ndarray:
    """Scales values of any range to 0..255; NaN and infinity become the largest value."""
    finite = np.isfinite(values)
    if not finite.any():
        raise ImageError("no pixel is a number")
    low, high = float(values[finite].min()), float(values[finite].max())
    values = np.where(finite, values, high) - low
    return np.floor(values * 255 / max(high - low, 1e-300)).astype(np.uint8)
