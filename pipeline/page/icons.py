"""Draws the app's icon: ink in the corners of a detection box, on practice paper with a 米 grid.

    write(folder)     # 192.png, 512.png, maskable.png

The page needs no picture of unknown origin, because code draws the icon. The bytes are the same on every run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PAPER, GUIDE, INK, BOX = "#fffdf8", "#e9c8bf", "#211e1a", "#a8321f"
COLOURS = 64
OVERSAMPLING = 4
ROUNDING = 0.22  # radius of the corners, as a share of the side
SAFE = 0.7  # scale of the ink: it fits in the circle of 0.8 of the side that every launcher's mask leaves visible

# The two strokes of 人: points of a quadratic curve, and the width of the brush at its ends, as shares of the side.
STROKES = (
    (((0.50, 0.22), (0.50, 0.56), (0.21, 0.78)), (0.085, 0.02)),
    (((0.47, 0.42), (0.58, 0.66), (0.80, 0.78)), (0.025, 0.10)),
)
CORNER, CORNER_LENGTH, CORNER_WIDTH = 0.12, 0.13, 0.028  # corners of the box, as shares of the side


def draw(side: int, maskable: bool = False) -> Image.Image:
    """The icon, `side` x `side` pixels. A maskable icon fills the square and keeps its ink in the safe zone."""
    size = side * OVERSAMPLING
    image = Image.new("RGBA", (size, size), PAPER if maskable else (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    if not maskable:
        pen.rounded_rectangle((0, 0, size - 1, size - 1), ROUNDING * size, PAPER)
    scale = size * (SAFE if maskable else 1)
    origin = (size - scale) / 2
    _guide(pen, origin, scale)
    _corners(pen, origin, scale)
    for points, widths in STROKES:
        _brush(pen, np.array(points) * scale + origin, np.array(widths) * scale)
    return image.resize((side, side), Image.Resampling.LANCZOS)


def write(folder: Path) -> None:
    """Writes the icons of the manifest into `folder`."""
    folder.mkdir(parents=True)
    for name, icon in {"192": draw(192), "512": draw(512), "maskable": draw(512, maskable=True)}.items():
        icon.quantize(COLOURS).save(folder / f"{name}.png", optimize=True)


def _guide(pen: ImageDraw.ImageDraw, origin: float, scale: float) -> None:
    low, middle, high = (origin + share * scale for share in (0.17, 0.5, 0.83))
    for line in (
        (low, low, high, high),
        (low, high, high, low),
        (middle, low, middle, high),
        (low, middle, high, middle),
    ):
        pen.line(line, GUIDE, round(0.008 * scale))


def _corners(pen: ImageDraw.ImageDraw, origin: float, scale: float) -> None:
    for x, right in ((CORNER, 1), (1 - CORNER, -1)):
        for y, down in ((CORNER, 1), (1 - CORNER, -1)):
            angle = [(x + right * CORNER_LENGTH, y), (x, y), (x, y + down * CORNER_LENGTH)]
            line = [(origin + column * scale, origin + row * scale) for column, row in angle]
            pen.line(line, BOX, round(CORNER_WIDTH * scale), joint="curve")


def _brush(pen: ImageDraw.ImageDraw, points: np.ndarray, widths: np.ndarray) -> None:
    """Draws a quadratic Bézier curve as discs whose width changes linearly."""
    for along in np.linspace(0, 1, 200):
        x, y = (1 - along) ** 2 * points[0] + 2 * along * (1 - along) * points[1] + along**2 * points[2]
        radius = ((1 - along) * widths[0] + along * widths[1]) / 2
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), INK)
