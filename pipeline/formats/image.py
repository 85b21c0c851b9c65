"""Any picture file to upright grey pixels, with bounds: the files come from anywhere.

    grey = read_grey(data)     # uint8 [height, width]; ImageError where there is no picture

EXIF rotation is applied. A transparent picture gets the ground that its ink needs: white under dark strokes, black
under light ones. Deeper pixels are brought to 8 bits; those that use only a part of their range keep its detail.
Pillow's conversions to grey are integer arithmetic, and so are libjpeg's and zlib's decoders: the same file gives the
same pixels everywhere.
"""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 1 << 26
MAX_PIXELS = 50_000_000  # a phone's camera has 12 to 50 million
MAX_SCANS = 100  # passes over a JPEG, each as long as the first: libtiff's bound too; encoders write up to some ten
BRIGHT = 128  # a pixel is light from this level on
MIXED = 50  # a sheet has at least 1 / MIXED of its pixels on either side of `BRIGHT`
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM")  # what may be parsed at all

_MARKER = re.compile(rb"\xff+[^\x00\x01\xd0-\xd7\xff]")  # of JPEG; restarts and stuffed bytes are none that count


class ImageError(ValueError):
    """Bytes that give no picture: why."""


def read_grey(data: bytes) -> np.ndarray:
    """The first picture of a file, uint8 [height, width].

    Raises:
        ImageError: too large, cut short, or no picture of `FORMATS`.
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
    except UnidentifiedImageError as error:  # whose own words hold an address in memory, another one in every run
        raise ImageError(f"no readable picture: none of {', '.join(FORMATS)}") from error
    except Exception as error:  # damaged files make Pillow raise nearly anything
        raise ImageError(f"no readable picture: {error}") from error


def flatten(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Puts a transparent picture on the ground that shows its ink: black under light strokes, white under dark ones.

    What covers more than half of the picture and is both light and dark is a sheet with ink on it: its ground is
    continued.

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
    """How many a JPEG has up to its end, but no more than one above the bound: each costs time, and hardly a byte."""
    at = count = 0
    while count <= MAX_SCANS and (marker := _MARKER.search(data, at)) and marker[0][-1] != 0xD9:
        kind, at = marker[0][-1], marker.end()
        count += kind == 0xDA
        if kind != 0xD8:  # the start alone has no length
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
    """16-bit values to 8 bits, by the fewest bits that the largest value allows to drop.

    So 12 bits in 16 and a dark picture keep their detail. A picture of at most 256 levels, all beyond 8 bits, keeps
    each of them: the largest becomes 255.
    """
    low, high = int(values.min()), int(values.max())
    if high - low < 256:
        return (values - max(high - 255, 0)).astype(np.uint8)
    return (values >> max(high.bit_length() - 8, 0)).astype(np.uint8)


def _stretched(values: np.ndarray) -> np.ndarray:
    """Values of any range to 0..255; what is no number becomes the largest."""
    finite = np.isfinite(values)
    if not finite.any():
        raise ImageError("no pixel is a number")
    low, high = float(values[finite].min()), float(values[finite].max())
    values = np.where(finite, values, high) - low
    return np.floor(values * 255 / max(high - low, 1e-300)).astype(np.uint8)
