"""The canvas: the input picture of detectors, with a formula from ink or from a photo.

    picture = draw_ink(traces, [[0, 1], [2]], Frame(height=128, width=512, symbol=32, pen=2))

Ink is bright on black. A formula is centred and scaled: it fits on the canvas, and its typical stroke (the 75th
percentile of the strokes' long sides) is at most `symbol` pixels long. So short formulas are not enlarged too much, and
all symbols have about the same size. Positions are rounded to 1/16 pixel before drawing, and drawing uses integer
arithmetic only, so the same ink gives the same bytes on every machine. A CROHME formula takes 1 to 2 ms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

MARGIN = 4  # pixels of black around the ink
UNITS = 16  # fixed-point units per pixel
OVERSAMPLING = 4  # sub-pixels per pixel and axis, for drawing the pen
MIN_EXTENT = 1e-6  # in units of the ink; a smaller extent counts as 0, like that of a dot


class Frame(NamedTuple):
    """Sizes of the canvas, of a typical stroke and of the pen, in pixels."""

    height: int
    width: int
    symbol: float
    pen: float


class CanvasFormula(NamedTuple):
    """A formula on the canvas. Pixel i covers the coordinates [i, i + 1)."""

    image: np.ndarray  # uint8 [height, width], 255 = ink
    boxes: np.ndarray  # float32 [symbols, 4]: ymin, xmin, ymax, xmax in pixels
    strokes: list[np.ndarray]  # float32 [points, 2]: x, y in pixels; empty for photos
    symbol_strokes: list[list[int]]  # per symbol, the indices of its strokes


def draw_ink(traces: Sequence[np.ndarray], symbols: Sequence[Sequence[int]], frame: Frame) -> CanvasFormula:
    """Draws the traces of the symbols; ignores other traces, for the extent too.

    Args:
        traces: float64 [points, 2] each (x, y), finite, with at least one point.
        symbols: per symbol, the indices of its traces, at least one.
        frame: sizes of the canvas.
    """
    used = sorted({index for symbol in symbols for index in symbol})
    place = {index: position for position, index in enumerate(used)}
    strokes = _place([traces[index] for index in used], frame)
    symbol_strokes = [sorted(place[index] for index in symbol) for symbol in symbols]
    half = math.floor(frame.pen * UNITS / 2 + 0.5)
    lows = np.array([stroke.min(axis=0) for stroke in strokes]) - half
    highs = np.array([stroke.max(axis=0) for stroke in strokes]) + half
    limit = np.array([frame.width, frame.height]) * UNITS
    boxes = np.empty((len(symbols), 4), np.float32)
    for box, members in zip(boxes, symbol_strokes, strict=True):
        box[:2] = np.maximum(lows[members].min(axis=0), 0)[::-1] / UNITS
        box[2:] = np.minimum(highs[members].max(axis=0), limit)[::-1] / UNITS
    image = rasterise(strokes, frame)
    return CanvasFormula(image, boxes, [(stroke / UNITS).astype(np.float32) for stroke in strokes], symbol_strokes)


def rasterise(strokes: Sequence[np.ndarray], frame: Frame) -> np.ndarray:
    """Draws strokes with a round pen.

    Args:
        strokes: int [points, 2] each: x, y in `UNITS` per pixel; a stroke of one point becomes a disc.
        frame: sizes of the canvas.

    Returns:
        uint8 [height, width], 255 = ink: the share of each pixel's 16 sub-pixels that the pen covers.
    """
    fine = np.zeros((frame.height * OVERSAMPLING, frame.width * OVERSAMPLING), np.uint8)
    # OpenCV's coordinates refer to pixel centres, a shift of 4 means UNITS, and a line needs at least two points.
    lines = [(stroke * OVERSAMPLING - UNITS // 2).astype(np.int32) for stroke in strokes]
    lines = [line if len(line) > 1 else np.repeat(line, 2, axis=0) for line in lines]
    pen = max(math.floor(frame.pen * OVERSAMPLING + 0.5), 1)
    cv2.polylines(fine, lines, False, 255, pen, cv2.LINE_8, 4)
    return cv2.resize(fine, (frame.width, frame.height), interpolation=cv2.INTER_AREA)


def fitting_scale(width: float, height: float, sizes: Sequence[float], frame: Frame) -> float:
    """Pixels per unit for ink of `width` x `height` units whose parts have the long sides `sizes` (at least one)."""
    typical = sorted(sizes)[(3 * len(sizes) + 3) // 4 - 1]  # nearest rank
    wanted = ((frame.width - 2 * MARGIN, width), (frame.height - 2 * MARGIN, height), (frame.symbol, typical))
    return min((room / extent for room, extent in wanted if extent > MIN_EXTENT), default=1.0)


def _place(traces: list[np.ndarray], frame: Frame) -> list[np.ndarray]:
    """Scales and centres traces: fixed point, int64 [points, 2] each."""
    points = np.concatenate(traces)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    sizes = [float(np.ptp(trace, axis=0).max()) for trace in traces]
    scale = fitting_scale(float(extent[0]), float(extent[1]), sizes, frame)
    # One operation per statement, so that each is rounded: fused operations differ between CPUs.
    offset = (np.array([frame.width, frame.height]) - extent * scale) / 2
    pixels = (points - low) * scale
    pixels += offset
    pixels *= UNITS
    fixed = np.floor(pixels + 0.5).astype(np.int64)
    return np.split(fixed, np.cumsum([len(trace) for trace in traces])[:-1])
