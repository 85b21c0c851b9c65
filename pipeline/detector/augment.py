"""Distorts one formula for training: each epoch draws a new patch, and the boxes follow the distortion.

Ink is redrawn from its strokes. Each symbol is distorted separately. Some symbols are replaced by the same symbol of
another writer, some by a symbol of a random class, so that rare classes appear often. Waves distort the whole formula,
and the pen width varies. The boxes remain exact. A photo has no strokes: it is warped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from pipeline.detector.exchange import InkSymbol, Library, exchange, unit_of
from pipeline.formats.png import decode_png
from pipeline.ink.canvas import UNITS, Frame, rasterise
from pipeline.params import MathAugment

MARGIN = 3  # pixels that a patch shows around the outermost boxes
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
TYPICAL = 32  # pixels; a longer symbol is turned and shifted at most as far as a symbol of this length
WAVES, WAVELENGTHS = 3, (16, 96)  # number of waves that distort a formula, and their lengths in pixels
PEN_RANGE = 0.5  # largest natural logarithm of the factor on the pen's width

Shape = tuple[int, int]


class Patch(Protocol):
    """A distorted formula, cropped to its ink."""

    @property
    def shape(self) -> Shape:
        """Height and width in pixels."""
        ...

    @property
    def boxes(self) -> np.ndarray:
        """Boxes of the symbols, float32 `[n, 4]`, in pixels of the patch."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """Classes of the symbols, int32 `[n]`."""
        ...

    def draw(self) -> np.ndarray:
        """Draws the patch: uint8 `shape`, 255 = ink."""
        ...


@dataclass(frozen=True)
class PicturePatch:
    """A warped picture.

    Attributes:
        png: the undistorted picture, encoded.
        matrix: `[2, 2]`, maps (x, y) of the picture to (x, y) of the warped plane.
        corner: (x, y) of the patch's top left pixel in the warped plane.
        thickness: weight of a one-pixel dilation (above 0) or erosion (below 0) in the blend with the picture.
    """

    png: bytes
    matrix: np.ndarray
    corner: np.ndarray
    thickness: float
    shape: Shape
    boxes: np.ndarray
    labels: np.ndarray

    def draw(self) -> np.ndarray:
        """See `Patch`."""
        half = np.full(2, 0.5)  # the origin of boxes is the edge of the first pixel, OpenCV's is its centre
        warp = np.column_stack([self.matrix, self.matrix @ half - self.corner - half])
        patch = cv2.warpAffine(decode_png(self.png), warp, self.shape[::-1], flags=cv2.INTER_LINEAR)
        if self.thickness == 0:
            return patch
        morphed = cv2.dilate(patch, CROSS) if self.thickness > 0 else cv2.erode(patch, CROSS)
        share = abs(self.thickness)
        return cv2.addWeighted(morphed, share, patch, 1 - share, 0)


@dataclass(frozen=True)
class InkPatch:
    """Redrawn ink. Each stroke is float `[points, 2]`, x and y in pixels of the patch."""

    strokes: Sequence[np.ndarray]
    pen: float
    shape: Shape
    boxes: np.ndarray
    labels: np.ndarray

    def draw(self) -> np.ndarray:
        """See `Patch`."""
        fixed = [np.floor(stroke * UNITS + 0.5).astype(np.int64) for stroke in self.strokes]
        return rasterise(fixed, Frame(*self.shape, symbol=TYPICAL, pen=self.pen))


def warp_picture(
    png: bytes, boxes: np.ndarray, labels: np.ndarray, params: MathAugment, limit: Shape, rng: np.random.Generator
) -> PicturePatch:
    """Distorts a picture at random; the patch is at most as large as `limit`.

    Args:
        png: encoded picture, 8-bit grey.
        boxes: boxes of the symbols, `[n, 4]` in pixels of the picture, n >= 1.
        labels: classes of the symbols, `[n]`.
        params: ranges of the distortion.
        limit: largest height and width in pixels.
        rng: source of randomness.
    """
    matrix = _draw_matrix(params, rng)
    thickness = float(rng.uniform(-0.8, 0.8)) if rng.random() < params.thickness else 0.0
    placed = warp_boxes(boxes, matrix)
    shrink = _shrink(placed, limit)
    matrix, placed = matrix * shrink, placed * shrink
    corner, shape, placed = _cut(placed, limit)
    return PicturePatch(png, matrix, corner, thickness, shape, placed, labels)


def warp_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Estimates the boxes `[n, 4]` of distorted symbols from the boxes before the distortion.

    Ink rarely fills the corners of its box, so the warped box extends beyond the warped ink. The estimate is the mean
    of two extents: that of the warped box and that of the warped ellipse inscribed in it. They are equal if the matrix
    only scales.
    """
    centre = (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2 @ matrix.T  # x, y
    half = (boxes[:, 2:] - boxes[:, :2])[:, ::-1] / 2
    size = np.abs(matrix)
    half = (half @ size.T + np.sqrt(half**2 @ size.T**2)) / 2
    return np.concatenate([(centre - half)[:, ::-1], (centre + half)[:, ::-1]], axis=1)


def redraw_ink(
    symbols: Sequence[InkSymbol],
    pen: float,
    params: MathAugment,
    limit: Shape,
    rng: np.random.Generator,
    library: Library,
) -> InkPatch:
    """Distorts ink at random and redraws it; the patch is at most as large as `limit`.

    Args:
        symbols: ink of the formula's symbols, at least one.
        pen: width of the undistorted pen in pixels.
        params: ranges of the distortion.
        limit: largest height and width in pixels.
        rng: source of randomness.
        library: symbols to exchange; must contain every class of `symbols`.
    """
    unit = unit_of(symbols)
    symbols = [exchange(symbol, unit, params, rng, library) for symbol in symbols]
    points = np.concatenate([symbol.points for symbol in symbols])
    sizes = [len(symbol.points) for symbol in symbols]
    points = _wobble(_bend(points, sizes, params.symbol, rng), params.elastic, rng) @ _draw_matrix(params, rng).T
    if rng.random() < params.thickness:
        pen *= math.exp(rng.uniform(-PEN_RANGE, PEN_RANGE))
    points = points * _shrink(_boxes(points, sizes, 0), limit, pen)
    corner, shape, boxes = _cut(_boxes(points, sizes, pen), limit)
    lengths = [length for symbol in symbols for length in symbol.lengths]
    labels = np.array([symbol.label for symbol in symbols], np.int32)
    return InkPatch(np.split(points - corner, np.cumsum(lengths)[:-1]), pen, shape, boxes, labels)


def _bend(points: np.ndarray, sizes: Sequence[int], strength: float, rng: np.random.Generator) -> np.ndarray:
    """Stretches, slants, turns and shifts each symbol about its centre.

    Args:
        points: `[n, 2]`, symbol after symbol.
        sizes: number of points of each symbol.
        strength: largest log scale, slant, turn in radians, and twice the largest shift as a share of the long side.
    """
    if strength == 0:
        return points
    low, high = _extents(points, sizes)
    scale, slant, turn, shift = np.split(rng.uniform(-strength, strength, (len(sizes), 6)), [2, 3, 4], axis=1)
    long = np.maximum((high - low).max(axis=1), 1)
    turn = turn[:, 0] * np.minimum(1, TYPICAL / long)
    cos, sin, (x, y) = np.cos(turn), np.sin(turn), np.exp(scale).T
    slanted = slant[:, 0] * y
    matrices = np.stack([cos * x, cos * slanted - sin * y, sin * x, sin * slanted + cos * y], axis=1).reshape(-1, 2, 2)
    centre = (low + high) / 2
    moved = centre + shift / 2 * np.minimum(long, TYPICAL)[:, None]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return np.einsum("nij,nj->ni", matrices[owner], points - centre[owner]) + moved[owner]


def _wobble(points: np.ndarray, amplitude: float, rng: np.random.Generator) -> np.ndarray:
    """Moves points `[n, 2]` by a few random plane waves; their sum has a standard deviation of `amplitude` pixels."""
    if amplitude == 0:
        return points
    direction, phase = rng.uniform(0, 2 * math.pi, (2, WAVES))
    wave = np.stack([np.cos(direction), np.sin(direction)]) * 2 * math.pi / rng.uniform(*WAVELENGTHS, WAVES)
    push = rng.standard_normal((WAVES, 2)) * amplitude * math.sqrt(2 / WAVES)
    return points + np.sin(points @ wave + phase) @ push


def _draw_matrix(params: MathAugment, rng: np.random.Generator) -> np.ndarray:
    """Matrix `[2, 2]` on (x, y) that scales, stretches, slants and rotates a whole formula."""
    scale, aspect, slant, turn = rng.uniform(-1, 1, 4) * (params.scale, params.aspect, params.slant, params.rotate)
    size = math.exp(scale) * np.array([math.exp(aspect / 2), math.exp(-aspect / 2)])
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, -slant], [0, 1]]) @ np.diag(size)


def _extents(points: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest x and y of each symbol; both `[symbols, 2]`."""
    starts = np.cumsum([0, *sizes[:-1]])
    return np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)


def _boxes(points: np.ndarray, sizes: Sequence[int], pen: float) -> np.ndarray:
    low, high = _extents(points, sizes)
    return np.concatenate([low[:, ::-1] - pen / 2, high[:, ::-1] + pen / 2], axis=1)


def _shrink(boxes: np.ndarray, limit: Shape, pen: float = 0) -> float:
    """Factor, at most 1, by which the extent of all boxes must shrink to fit into `limit`, pen width included."""
    extent = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    room = np.array(limit) - 2 * MARGIN - 1 - pen
    return min(1.0, float(np.min(room / np.maximum(extent, 1))))


def _cut(boxes: np.ndarray, limit: Shape) -> tuple[np.ndarray, Shape, np.ndarray]:
    """Corner (x, y) and shape of the patch around the boxes, and the boxes in pixels of the patch."""
    corner = np.floor(boxes[:, :2].min(axis=0) - MARGIN)
    height, width = np.minimum(np.ceil(boxes[:, 2:].max(axis=0) + MARGIN - corner).astype(int), limit).tolist()
    return corner[::-1], (height, width), (boxes - np.concatenate([corner, corner])).astype(np.float32)
