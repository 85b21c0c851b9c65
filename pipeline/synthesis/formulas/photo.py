"""Photographs of print and handwriting: paper seen at an angle, uneven light, blur of the lens, noise and JPEG.

    picture = photograph(outlines, rng, strength=0.5)           # picture.pixels, picture.boxes
    picture = photograph(outlines, rng, strength=0.5, sheet=PEN)  # with the ink and the paper of handwriting

The outlines themselves are bent and projected, so each box is exactly that of its symbol's outline in the picture.
Outlines are rounded to fixed point before they are drawn. Everything after that is integer arithmetic (OpenCV's integer
blurs and area reduction, libjpeg's integer transform), so the pinned Pillow writes the same file on any CPU. A picture
takes about 12 ms.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from pipeline.synthesis.formulas.typeset import SIZE, Outline
from pipeline.synthesis.hands.scanner import paper_grain

OVERSAMPLING = 4  # canvas pixels per picture pixel, in x and in y
FIXED_POINT_BITS = 4  # fractional bits of a canvas coordinate
EM_RANGE = 26.0, 64.0  # pixels per em
MAX_SIDE = 1600  # pixels; longer formulas get a smaller em
DARK_SHARE = 0.15  # of the pictures: light ink on a dark ground, as on boards and screens
RULED_SHARE = 0.3  # of the sheets for pens: ruled or squared


@dataclass(frozen=True)
class Photograph:
    """A photograph and its annotations.

    Attributes:
        pixels: uint8 [height, width, 3], RGB.
        labels: label of each symbol, n in all.
        boxes: float64 [n, 4], x, y, width, height of each symbol's outline, in pixels.
        quality: JPEG quality to save it with.
    """

    pixels: np.ndarray
    labels: tuple[str, ...]
    boxes: np.ndarray
    quality: int


@dataclass(frozen=True)
class Sheet:
    """Ink and paper.

    Attributes:
        darkest, faintest: grey levels of the ink.
        ruled: share of the sheets that have lines or squares.
    """

    darkest: int
    faintest: int
    ruled: float


PRINT, PEN = Sheet(5, 75, 0.0), Sheet(5, 95, RULED_SHARE)


def photograph(
    symbols: Sequence[Outline], rng: np.random.Generator, strength: float, sheet: Sheet = PRINT
) -> Photograph:
    """Takes a picture of symbols.

    Args:
        symbols: at least one.
        rng: source of every random number.
        strength: 0 = a flat scan, 1 = a careless snapshot.
        sheet: what the symbols are on.
    """
    drawn, (width, height), em = _view([list(symbol.contours) for symbol in symbols], rng, strength)
    cover = _expose(drawn, [symbol.solid for symbol in symbols], width, height)
    if rng.random() < sheet.ruled:
        cover = np.maximum(cover, _ruling(height, width, em, rng))
    cover = _blur(cover, em, rng, strength)
    pixels = _colour(cover, rng, strength, sheet)
    quality = int(rng.integers(round(92 - 45 * min(strength, 1.5)), 96))
    return Photograph(pixels, tuple(symbol.label for symbol in symbols), _boxes(drawn), quality)


def encode_jpeg(picture: Photograph) -> bytes:
    """Returns the bytes of the picture as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, "JPEG", quality=picture.quality)
    return file.getvalue()


Contours = list[list[np.ndarray]]  # [symbol][contour] -> int32 [k, 2], fixed point of the canvas


def _view(shapes: list[list[np.ndarray]], rng: np.random.Generator, strength: float):
    """The outlines in the plane of the picture, the size of the picture, and its pixels per em."""
    points = np.concatenate([contour for shape in shapes for contour in shape])
    low, high = points.min(axis=0), points.max(axis=0)
    size = high - low
    em = float(np.exp(rng.uniform(*np.log(EM_RANGE))))
    em = min(em, 0.8 * MAX_SIDE * SIZE / float(size.max()))
    half = max(float(size.max()) / 2, SIZE)
    points = _bend((points - (low + high) / 2) / half, rng, strength) * (half * em / SIZE)
    margins = em * rng.uniform(0.35, 1.2, 4)  # left, top, right, bottom
    points = points - points.min(axis=0) + margins[:2]
    width, height = np.ceil(points.max(axis=0) + margins[2:]).astype(int).tolist()
    unit = OVERSAMPLING << FIXED_POINT_BITS
    fixed = np.round(points * unit).astype(np.int32)
    counts = [len(contour) for shape in shapes for contour in shape]
    pieces = iter(np.split(fixed, np.cumsum(counts)[:-1]))
    return [[next(pieces) for _ in shape] for shape in shapes], (width, height), em


def _bend(points: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Maps points of the sheet (its longer side spans -1 to 1) to the camera: curl, turn, perspective."""
    curl, turn, lean, near_x, near_y = rng.standard_normal(5) * strength
    aspect = 1 + 0.12 * strength * rng.uniform(-1, 1)
    x, y = points.T
    y = y + 0.025 * np.clip(curl, -2, 2) * x * x
    x, y = aspect * (x + 0.06 * np.clip(lean, -2, 2) * y), y + 0.055 * np.clip(turn, -2, 2) * x
    depth = 1 + 0.1 * np.clip(near_x, -2, 2) * x + 0.1 * np.clip(near_y, -2, 2) * y
    return np.stack([x / depth, y / depth], axis=1)


def _boxes(drawn: Contours) -> np.ndarray:
    unit = OVERSAMPLING << FIXED_POINT_BITS
    boxes = []
    for contours in drawn:
        points = np.concatenate(contours)
        low, high = points.min(axis=0), points.max(axis=0)
        boxes.append([*low, *(high - low)])
    return np.round(np.array(boxes) / unit, 2)


def _expose(drawn: Contours, solid: Sequence[bool], width: int, height: int) -> np.ndarray:
    """Share of each pixel that ink covers: uint8 [height, width], 255 = all."""
    canvas = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING), np.uint8)
    half = 1 << (FIXED_POINT_BITS - 1)  # OpenCV's coordinates start at the centre of a pixel
    for contours, each in zip(drawn, solid, strict=True):
        lines = [contour - half for contour in contours]
        for group in ([line] for line in lines) if each else [lines]:
            cv2.fillPoly(canvas, group, 255, cv2.LINE_8, FIXED_POINT_BITS)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)


def _ruling(height: int, width: int, em: float, rng: np.random.Generator) -> np.ndarray:
    """The share of the ink that printed lines or squares on the paper have: uint8 [height, width]."""
    pale, pitch = int(rng.integers(12, 48)), max(int(em * rng.uniform(0.6, 2.2)), 8)
    thick = max(int(em / 40), 1)
    down, across = (np.arange(size) + int(rng.integers(0, pitch)) for size in (height, width))
    rows = np.repeat(down[:, None] % pitch < thick, width, axis=1)
    squares = rng.random() < 0.5
    lines = rows | (across[None] % pitch < thick) if squares else rows
    return lines.astype(np.uint8) * np.uint8(pale)


def _blur(cover: np.ndarray, em: float, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Blur of a lens out of focus and, in some pictures, of a moving hand."""
    most = min(em / 14, 3.5) * min(strength, 1.5)
    side = 1 + 2 * int(rng.uniform(0, most))
    cover = cv2.GaussianBlur(cover, (side, side), 0)
    if rng.random() < 0.25 * strength:
        length = 1 + int(rng.uniform(0, most * 1.5))
        cover = cv2.blur(cover, (length, 1) if rng.random() < 0.5 else (1, length))
    return cover


def _colour(cover: np.ndarray, rng: np.random.Generator, strength: float, sheet: Sheet) -> np.ndarray:
    """Paper and ink under uneven light, with grain and noise: uint8 [height, width, 3]."""
    paper = rng.integers(165, 256) - rng.integers(0, 18, 3)
    ink = rng.integers(sheet.darkest, sheet.faintest) + rng.integers(0, 25, 3)
    if rng.random() < DARK_SHARE:
        paper, ink = rng.integers(10, 60) + rng.integers(0, 24, 3), rng.integers(170, 256) - rng.integers(0, 30, 3)
    height, width = cover.shape
    light = _light(height, width, rng, strength)  # [height, width], 256ths
    share = cover.astype(np.int32)[..., None]
    colour = (paper.astype(np.int32) * (255 - share) + ink.astype(np.int32) * share) * light[..., None] // (255 * 256)
    spread = int(rng.integers(1, 2 + round(22 * strength)))
    noise = rng.integers(-spread, spread + 1, (2, *cover.shape), dtype=np.int32).sum(axis=0)
    return np.clip(colour + noise[..., None], 0, 255).astype(np.uint8)


def _light(height: int, width: int, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Brightness of the sheet: int32 [height, width], 256 = full. A slope, a vignette, a soft shadow, paper grain."""
    amount = round(70 * min(strength, 1.5))
    slope_x, slope_y = rng.integers(-amount, amount + 1, 2).tolist()
    vignette = int(rng.integers(0, amount + 1))
    x = (np.arange(width, dtype=np.int32) * 512 // max(width - 1, 1) - 256)[None]  # -256 to 256
    y = (np.arange(height, dtype=np.int32) * 512 // max(height - 1, 1) - 256)[:, None]
    light = 256 - (abs(slope_x) + abs(slope_y)) // 2 + (slope_x * x + slope_y * y) // 512
    light = light - vignette * (x * x + y * y) // (1 << 18)
    if rng.random() < 0.5 * strength:  # the shadow of a hand or a head
        edge, tilt, deep = rng.integers(-200, 200), rng.integers(-128, 129), rng.integers(20, 70)
        light = light - int(deep) * np.clip(x + int(tilt) * y // 256 - int(edge), 0, 64) // 64
    top, left = rng.integers(0, 256, 2)
    rows, columns = (np.arange(height) + top) % 512, (np.arange(width) + left) % 512
    grain = paper_grain()[rows[:, None], columns[None]].astype(np.int32) - 128
    return np.maximum(light + grain * int(rng.integers(0, 1 + round(40 * strength))) // 256, 24)
