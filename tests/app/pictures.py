"""Photographs of made-up formulas, as files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pipeline.ink.canvas import Frame, draw_ink
from tests.app.handwriting import FRAME, strokes_of

EXIF_ORIENTATION = 0x0112
QUARTER_RIGHT = 6  # the camera was held upright: viewers turn the picture by 90 degrees to the right


def photograph(symbols: list[str], scale: int = 6) -> Image.Image:
    """A formula in dark ink on unevenly lit, noisy paper, in grey; `scale` times as large as the canvas."""
    rng = np.random.default_rng(7)
    strokes = strokes_of(symbols, rng)
    frame = Frame(*(scale * length for length in FRAME))
    ink = draw_ink(strokes, [[index] for index in range(len(strokes))], frame).image / 255
    light = np.linspace(170, 235, frame.width)[None] + np.linspace(-20, 15, frame.height)[:, None]
    grey = light * (1 - 0.75 * ink) + rng.normal(0, 2, ink.shape)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def encode(image: Image.Image, form: str = "PNG", **options) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def turned(image: Image.Image) -> bytes:
    """A JPEG file whose pixels lie on their side, and whose EXIF says so."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = QUARTER_RIGHT
    return encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)
