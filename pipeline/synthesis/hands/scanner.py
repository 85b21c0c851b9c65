"""The scanner: turns the path of the pen into a grey scan like CASIA's.

OpenCV draws the path in fixed point at four times the size, then reduces the image. `benchmarks/strokes_speed.py`
compares this with other ways, for paths of about 150 segments of varying width on one thread of an AMD EPYC: OpenCV's
antialiased lines (with widths in whole pixels) took 3.3 times as long, skia-python 2.1 times and cairo 3.7 times. This
way is also the only one that clips, fills and reduces in integers, so the corpus is the same everywhere.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from pipeline.synthesis.hands.hand import Path
from pipeline.synthesis.hands.writers import Writer

OVERSAMPLING = 4  # canvas pixels per scan pixel, in x and in y
FIXED_POINT_BITS = 4  # fractional bits of a canvas coordinate
MAX_CANVAS = 200  # scan pixels; larger characters are scaled down to it
GRAIN_SIDE = 512
GAIN = 310  # in 256ths: the scanner stretches the contrast until the core of a stroke is black


def scan(path: Path, writer: Writer, rng: np.random.Generator) -> np.ndarray:
    """Draws `path` with the writer's pen and scans it.

    Returns:
        uint8 [height, width], 255 = paper, cropped to the ink.
    """
    ink = _expose(draw(path, writer), writer, rng)
    left, top, width, height = cv2.boundingRect(ink)
    return 255 - ink[top : top + height, left : left + width]


def draw(path: Path, writer: Writer) -> np.ndarray:
    """Returns the ink of the pen, uint8 [height, width]: 255 under full pressure, less where the line is thin."""
    margin = 2 * writer.pen
    scale = min(writer.size, (MAX_CANVAS - 2 * margin) / float(np.ptp(path.points, axis=0).max()))
    low = path.points.min(axis=0) - margin / scale
    sides = np.ceil((path.points.max(axis=0) - low) * scale + margin).astype(int)
    unit = OVERSAMPLING << FIXED_POINT_BITS
    points = np.round((path.points - low) * (scale * unit)).astype(np.int32)
    canvas = np.zeros((sides[1] * OVERSAMPLING, sides[0] * OVERSAMPLING), np.uint8)
    segments = np.stack([points[:-1], points[1:]], axis=1)[path.down]  # [k, 2, 2]
    relative = path.width[1:][path.down]
    # Even widths, thin ones first, so that the stronger stroke shows at a crossing.
    width = np.maximum(2 * np.round(relative * (writer.pen * OVERSAMPLING / 2)).astype(int), 2)
    order = np.argsort(width, kind="stable")
    segments, width = segments[order], width[order]
    tone = np.round(255 * (1 - writer.dry * np.clip(1.1 - width / (writer.pen * OVERSAMPLING), 0, 1))).astype(int)
    cuts = [0, *(np.flatnonzero(np.diff(width)) + 1).tolist(), len(width)]
    for start, stop in pairwise(cuts):
        lines = list(segments[start:stop])
        cv2.polylines(canvas, lines, False, int(tone[start]), int(width[start]), cv2.LINE_8, FIXED_POINT_BITS)
    return cv2.resize(canvas, (int(sides[0]), int(sides[1])), interpolation=cv2.INTER_AREA)


def _expose(cover: np.ndarray, writer: Writer, rng: np.random.Generator) -> np.ndarray:
    """Darkness of the scan, uint8, 0 = paper: blur of the scanner, strength of the ink, paper grain, threshold."""
    cover = cv2.GaussianBlur(cover, (writer.blur, writer.blur), 0)  # in fixed point
    height, width = cover.shape
    top, left = rng.integers(0, GRAIN_SIDE - MAX_CANVAS, 2)
    grain = paper_grain()[top : top + height, left : left + width]
    strength = writer.ink * 256 - grain * round(writer.grain * writer.ink)  # 256ths
    dark = np.minimum(cover * strength * GAIN >> 24, 255).astype(np.uint8)
    dark[dark < min(writer.edge, int(dark.max()))] = 0
    return dark


@cache
def paper_grain() -> np.ndarray:
    """Returns the grain of paper: int64 [GRAIN_SIDE, GRAIN_SIDE], 0..255, fine noise on coarse noise."""
    rng = np.random.Generator(np.random.PCG64(0))
    fine = rng.integers(0, 256, (GRAIN_SIDE, GRAIN_SIDE), dtype=np.uint8)
    coarse = cv2.equalizeHist(cv2.GaussianBlur(rng.integers(0, 256, fine.shape, dtype=np.uint8), (7, 7), 0))
    return (fine.astype(np.int64) + coarse) // 2
