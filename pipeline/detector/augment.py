"""Training-time distortion of one formula: a patch that is drawn anew each epoch, with boxes that fit it.

Ink is written again from its strokes: each symbol is bent on its own or gives way to another writer's, some give way to
one of another class, so that rare classes are seen often, the whole wobbles, the pen changes. Boxes stay exact, and a
symbol never looks the same twice. A photo has no strokes: it is warped.
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
TYPICAL = 32  # pixels; a longer symbol is turned and shifted no further than one of this length
WAVES, WAVELENGTHS = 3, (16, 96)  # of the wobble; the lengths in pixels
PEN_RANGE = 0.5  # log factor

Shape = tuple[int, int]


class Patch(Protocol):
    """A distorted formula, cut to its ink."""

    @property
    def shape(self) -> Shape:
        """Height and width in pixels."""
        ...

    @property
    def boxes(self) -> np.ndarray:
        """float32 `[n, 4]` in pixels of the patch."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """int32 `[n]`."""
        ...

    def draw(self) -> np.ndarray:
        """uint8 `shape`, 255 = ink."""
        ...


@dataclass(frozen=True)
class PicturePatch:
    """A warped picture.

    Attributes:
        png: the picture.
        matrix: `[2, 2]`, takes (x, y) to (x, y).
        corner: (x, y) of the patch's top left pixel in the warped plane.
        thickness: share of a one-pixel dilation (above 0) or erosion (below 0) that is blended in.
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
        half = np.full(2, 0.5)  # boxes count from the edge of the first pixel, OpenCV from its middle
        warp = np.column_stack([self.matrix, self.matrix @ half - self.corner - half])
        patch = cv2.warpAffine(decode_png(self.png), warp, self.shape[::-1], flags=cv2.INTER_LINEAR)
        if self.thickness == 0:
            return patch
        morphed = cv2.dilate(patch, CROSS) if self.thickness > 0 else cv2.erode(patch, CROSS)
        share = abs(self.thickness)
        return cv2.addWeighted(morphed, share, patch, 1 - share, 0)


@dataclass(frozen=True)
class InkPatch:
    """Ink written again. `strokes` are float `[points, 2]` each, x and y in pixels of the patch."""

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
    """A picture under a random distortion, no larger than `limit`.

    Args:
        png: 8-bit grey.
        boxes: `[n, 4]` in its pixels, at least one.
        labels: `[n]`.
    """
    matrix = _draw_matrix(params, rng)
    thickness = float(rng.uniform(-0.8, 0.8)) if rng.random() < params.thickness else 0.0
    placed = warp_boxes(boxes, matrix)
    shrink = _shrink(placed, limit)
    matrix, placed = matrix * shrink, placed * shrink
    corner, shape, placed = _cut(placed, limit)
    return PicturePatch(png, matrix, corner, thickness, shape, placed, labels)


def warp_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The boxes `[n, 4]` of distorted symbols, from the boxes of the symbols.

    The image of a box reaches further than the image of the ink in it, which seldom fills the corners: taken is the
    middle between a box full to its corners and an ellipse within it. With scaling alone the two agree.
    """
    centre = (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2 @ matrix.T  # x, y
    half = (boxes[:, 2:] - boxes[:, :2])[:, ::-1] / 2
    size = np.abs(matrix)
    half = (half @ size.T + np.sqrt(half**2 @ size.T**2)) / 2
    return np.concatenate([(centre - half)[:, ::-1], (centre + half)[:, ::-1]], axis=1)


def write_again(
    symbols: Sequence[InkSymbol],
    pen: float,
    params: MathAugment,
    limit: Shape,
    rng: np.random.Generator,
    library: Library,
) -> InkPatch:
    """Ink under a random distortion, no larger than `limit`.

    Args:
        symbols: the symbols, at least one.
        pen: width of the undistorted pen in pixels.
        library: has the classes of these symbols, among others.
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
    """Stretches, slants, turns and shifts each symbol about its own centre.

    Args:
        points: `[n, 2]`, symbol after symbol.
        sizes: number of points of each.
        strength: largest log scale, slant, turn in radians, and twice the shift in sides.
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
    """Moves points `[n, 2]` by a few random waves over the plane, `amplitude` pixels of standard deviation in all."""
    if amplitude == 0:
        return points
    direction, phase = rng.uniform(0, 2 * math.pi, (2, WAVES))
    wave = np.stack([np.cos(direction), np.sin(direction)]) * 2 * math.pi / rng.uniform(*WAVELENGTHS, WAVES)
    push = rng.standard_normal((WAVES, 2)) * amplitude * math.sqrt(2 / WAVES)
    return points + np.sin(points @ wave + phase) @ push


def _draw_matrix(params: MathAugment, rng: np.random.Generator) -> np.ndarray:
    """`[2, 2]`, takes (x, y) to (x, y): scale, aspect, slant and rotation of a whole formula."""
    scale, aspect, slant, turn = rng.uniform(-1, 1, 4) * (params.scale, params.aspect, params.slant, params.rotate)
    size = math.exp(scale) * np.array([math.exp(aspect / 2), math.exp(-aspect / 2)])
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, -slant], [0, 1]]) @ np.diag(size)


def _extents(points: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest x and y, `[symbols, 2]` both."""
    starts = np.cumsum([0, *sizes[:-1]])
    return np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)


def _boxes(points: np.ndarray, sizes: Sequence[int], pen: float) -> np.ndarray:
    low, high = _extents(points, sizes)
    return np.concatenate([low[:, ::-1] - pen / 2, high[:, ::-1] + pen / 2], axis=1)


def _shrink(boxes: np.ndarray, limit: Shape, pen: float = 0) -> float:
    """The factor, 1 at most, that makes what the boxes enclose fit into `limit` when a pen is drawn around them."""
    extent = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    room = np.array(limit) - 2 * MARGIN - 1 - pen
    return min(1.0, float(np.min(room / np.maximum(extent, 1))))


def _cut(boxes: np.ndarray, limit: Shape) -> tuple[np.ndarray, Shape, np.ndarray]:
    """The patch around boxes: its corner (x, y), its shape, and the boxes in it."""
    corner = np.floor(boxes[:, :2].min(axis=0) - MARGIN)
    height, width = np.minimum(np.ceil(boxes[:, 2:].max(axis=0) + MARGIN - corner).astype(int), limit).tolist()
    return corner[::-1], (height, width), (boxes - np.concatenate([corner, corner])).astype(np.float32)
