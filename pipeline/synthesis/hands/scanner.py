"""The scanner: from the path of a pen to a grey scan as CASIA has them, in integers once the path is in fixed point.

OpenCV draws, at four times the size, and reduces: measured on one thread of an AMD EPYC, its own antialiased lines
(whose widths are whole pixels) took 3.3 times as long, skia-python 2.1 times, cairo 3.7 times, for paths of some 150
segments of varying width (`benchmarks/strokes_speed.py`). It is also the only one that clips, fills and reduces in
integers, so that the corpus is the same everywhere.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from pipeline.synthesis.hands.hand import Path
from pipeline.synthesis.hands.writers import Writer

OVERSAMPLING = 4  # canvas pixels a scan pixel
FIXED_POINT_BITS = 4  # of a canvas pixel
MAX_CANVAS = 200  # scan pixels; a longer side is scaled down to it
GRAIN_SIDE = 512
GAIN = 310  # in 256ths: the scanner stretches what the pen left until its core is black


def scan(path: Path, writer: Writer, rng: np.random.Generator) -> np.ndarray:
    """Draws `path` with the writer's pen and scans it.

    Returns:
        uint8 [height, width], 255 = paper, cropped to the ink.
    """
    ink = _expose(draw(path, writer), writer, rng)
    left, top, width, height = cv2.boundingRect(ink)
    return 255 - ink[top : top + height, left : left + width]


def draw(path: Path, writer: Writer) -> np.ndarray:
    """Ink of the pen, uint8 [height, width]: 255 where it presses fully, less where it is thin."""
    margin = 2 * writer.pen
    scale = min(writer.size, (MAX_CANVAS - 2 * margin) / float(np.ptp(path.points, axis=0).max()))
    low = path.points.min(axis=0) - margin / scale
    sides = np.ceil((path.points.max(axis=0) - low) * scale + margin).astype(int)
    unit = OVERSAMPLING << FIXED_POINT_BITS
    points = np.round((path.points - low) * (scale * unit)).astype(np.int32)
    canvas = np.zeros((sides[1] * OVERSAMPLING, sides[0] * OVERSAMPLING), np.uint8)
    segments = np.stack([points[:-1], points[1:]], axis=1)[path.down]  # [k, 2, 2]
    relative = path.width[1:][path.down]
    # Even widths, thin ones first: where strokes cross, the stronger one shows.
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
    """Darkness of the scan, uint8, 0 = paper: scanner's blur, ink's strength, paper's grain, threshold."""
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
    """Paper: int64 [GRAIN_SIDE, GRAIN_SIDE], 0..255, fine noise on coarse noise."""
    rng = np.random.Generator(np.random.PCG64(0))
    fine = rng.integers(0, 256, (GRAIN_SIDE, GRAIN_SIDE), dtype=np.uint8)
    coarse = cv2.equalizeHist(cv2.GaussianBlur(rng.integers(0, 256, fine.shape, dtype=np.uint8), (7, 7), 0))
    return (fine.astype(np.int64) + coarse) // 2
