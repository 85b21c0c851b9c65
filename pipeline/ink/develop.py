"""Extracts the ink from a photo of a formula and puts it on the canvas, with its boxes.

    picture, kept = fit_photo(grey, boxes, frame)         # with boxes, for decoding
    canvas, placement = place_photo(grey, frame)          # without boxes, for recognition
    placement.to_photo(boxes_on_the_canvas)
    find_ink(grey).image                                  # only the ink, without resizing

1. Cut the sheet from the desk around it (`pipeline.ink.sheet`).
2. Reduce the picture if a side is longer than 2048 pixels.
3. Invert the picture if its ink is light (`ink_is_dark` in `pipeline.ink.ground`).
4. Subtract each pixel from the ground at its place (`ground_level`): the difference, as a share of the ground's
   brightness, is the ink. This removes shadows.
5. Apply Otsu's threshold. The connected parts above it, without specks, give the extent and the sizes for the scale of
   `pipeline.ink.canvas`.
6. Stretch the contrast to the ink's median, resize and paste the extent, and stretch its peak to 255.

All steps use integer arithmetic, or floating point that every CPU rounds equally. A picture of the embedded corpus
takes 3 to 5 ms, one megapixel 50 ms, 12 megapixels about 150 ms.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from pipeline.ink.canvas import UNITS, CanvasFormula, Frame, fitting_scale
from pipeline.ink.ground import ground_level, ink_is_dark, shrink
from pipeline.ink.sheet import find_sheet
from pipeline.ink.threshold import otsu

MAX_SIDE = 2048  # pixels; larger pictures are reduced
MIN_CONTRAST = 16  # of 255, relative to the ground; fainter marks are not ink
SPECK = 40  # a part with less area than 1 / SPECK of the typical part is a speck
PAD = 1  # pixels around the extent, for soft edges


class BlankPhotoError(ValueError):
    """A photo without ink."""


class Parts(NamedTuple):
    """The connected parts of a picture's ink, without specks, in the order of their first pixels.

    Attributes:
        boxes: int64 [n, 4], ymin, xmin, ymax, xmax in pixels.
        numbers: int64 [n], the number of each part in `labels`.
        labels: int32 [height, width], the part or speck of each pixel, 0 for the ground.
    """

    boxes: np.ndarray
    numbers: np.ndarray
    labels: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Long sides, int64 [n]."""
        return (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)

    @property
    def typical(self) -> int:
        """The 75th percentile of the long sides, as in `pipeline.ink.canvas`."""
        return int(np.sort(self.sizes)[(3 * len(self.boxes) + 3) // 4 - 1])

    def chosen(self, indices: np.ndarray) -> Parts:
        """Some of the parts."""
        return Parts(self.boxes[indices], self.numbers[indices], self.labels)

    def mask(self, indices: np.ndarray) -> np.ndarray:
        """The pixels of some parts: uint8 [height, width], 0 or 1."""
        chosen = np.zeros(int(self.labels.max()) + 1, np.uint8)
        chosen[self.numbers[indices]] = 1
        return chosen[self.labels]


class PhotoInk(NamedTuple):
    """The ink of a photo without the specks around it. Pairs are y, x, int64 or float64."""

    image: np.ndarray  # uint8 [height, width], see `develop`
    corner: np.ndarray  # top left corner, in pixels of the reduced photo
    reduction: np.ndarray  # pixels of the reduced photo per pixel of the photo
    sizes: list[int]  # long sides of its connected parts


class Placement(NamedTuple):
    """The position of a photo on the canvas. Each attribute is a pair y, x of float64 or int64."""

    reduction: np.ndarray  # pixels of the reduced photo per pixel of the photo
    corner: np.ndarray  # top left corner of the ink's extent in the reduced photo
    extent: np.ndarray  # height and width of the extent in the reduced photo
    offset: np.ndarray  # top left corner of the extent on the canvas
    size: np.ndarray  # height and width of the extent on the canvas

    def to_canvas(self, boxes: np.ndarray) -> np.ndarray:
        """Maps boxes from the photo to the canvas: [n, 4], ymin, xmin, ymax, xmax in pixels."""
        # One operation per step, so that each is rounded: fused operations differ between CPUs.
        corners = boxes.reshape(-1, 2, 2) * self.reduction - self.corner
        corners = corners * (self.size / self.extent)
        return (corners + self.offset).reshape(-1, 4)

    def to_photo(self, boxes: np.ndarray) -> np.ndarray:
        """Maps boxes from the canvas to the photo; the inverse of `to_canvas`."""
        corners = (boxes.reshape(-1, 2, 2) - self.offset) / (self.size / self.extent)
        return ((corners + self.corner) / self.reduction).reshape(-1, 4)


def fit_photo(grey: np.ndarray, boxes: np.ndarray, frame: Frame) -> tuple[CanvasFormula, list[int]]:
    """Puts a formula from a photo on the canvas, with its boxes.

    Args:
        grey: uint8 [height, width] of any size; ink is darker or lighter than the ground.
        boxes: float64 [n, 4], finite: ymin, xmin, ymax, xmax in pixels of `grey`; may extend beyond it.
        frame: sizes of the canvas.

    Returns:
        The picture, and the indices of its boxes. Boxes outside the photo or the ink's extent are left out.

    Raises:
        BlankPhotoError: no ink.
    """
    height, width = grey.shape
    image, placement = place_photo(grey, frame)
    boxes = placement.to_canvas(np.clip(boxes, 0, [height, width, height, width]))
    placed, kept = _clip(boxes.reshape(-1, 2, 2), placement.offset, placement.offset + placement.size)
    return CanvasFormula(image, placed, [], []), kept


def place_photo(grey: np.ndarray, frame: Frame) -> tuple[np.ndarray, Placement]:
    """Puts a formula from a photo on the canvas, uint8 [height, width]; also returns its placement. See `fit_photo`.

    Raises:
        BlankPhotoError: no ink.
    """
    return place_ink(find_ink(grey), frame)


def place_ink(ink: PhotoInk, frame: Frame) -> tuple[np.ndarray, Placement]:
    """Puts ink that was found in a photo on the canvas, uint8 [height, width]; also returns its placement."""
    extent = np.array(ink.image.shape)
    scale = fitting_scale(float(extent[1]), float(extent[0]), ink.sizes, frame)
    size = np.maximum((extent * scale + 0.5).astype(np.int64), 1)
    height, width = size.tolist()
    small = np.asarray(Image.fromarray(ink.image).resize((width, height), Image.Resampling.BILINEAR))
    image = np.zeros((frame.height, frame.width), np.uint8)
    offset = (np.array([frame.height, frame.width]) - size) // 2
    y, x = offset.tolist()
    peak = int(small.max())
    image[y : y + height, x : x + width] = np.minimum(small.astype(np.int32) * 255 // max(peak, 1), 255)
    return image, Placement(ink.reduction, ink.corner, extent, offset, size)


def find_ink(grey: np.ndarray) -> PhotoInk:
    """Extracts the ink of a photo, uint8 [height, width] of any size.

    Raises:
        BlankPhotoError: no ink.
    """
    sheet = find_sheet(grey)
    reduced = shrink(sheet.image, MAX_SIDE)
    flat = develop(reduced)
    reduction = np.array(reduced.shape) / sheet.image.shape
    return cut_ink(flat, find_parts(flat), sheet.corner * reduction, reduction)


def develop(grey: np.ndarray) -> np.ndarray:
    """Removes the ground from a picture, uint8 [height, width], and stretches the contrast of its ink.

    Returns:
        uint8 [height, width], 0 = ground, 255 = ink at least as strong as the ink's median.

    Raises:
        BlankPhotoError: no ink.
    """
    if not ink_is_dark(grey):
        grey = 255 - grey
    ground = ground_level(grey)
    ink = cv2.subtract(ground, grey).astype(np.int32)
    share = np.minimum(ink * 255 // np.maximum(ground, 1), 255).astype(np.uint8)
    share = cv2.GaussianBlur(share, (3, 3), 0)  # reduces sensor noise; OpenCV computes it in fixed point
    counts = np.bincount(share.reshape(-1), minlength=256)
    threshold = otsu(counts)
    above = np.cumsum(counts[threshold + 1 :])
    if not above.size or not above[-1]:
        raise BlankPhotoError(f"blank: no ink in {grey.shape[1]} x {grey.shape[0]} pixels")
    typical = threshold + 1 + int(np.searchsorted(above, (above[-1] + 1) // 2))
    if typical < MIN_CONTRAST:
        raise BlankPhotoError(f"blank: a contrast of {typical}/255 in {grey.shape[1]} x {grey.shape[0]} pixels")
    floor = threshold // 2
    stretch = (np.arange(256) - floor) * 255 // max(typical - floor, 1)
    return cv2.LUT(share, np.clip(stretch, 0, 255).astype(np.uint8))


def find_parts(ink: np.ndarray) -> Parts:
    """Finds the parts of developed ink, uint8 [height, width]: pixels above 127, connected by sides or corners.

    Half of the ink is in parts that are larger than the typical one; at least one part is no speck.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 127).astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
    falling = np.sort(areas)[::-1]
    typical = falling[np.searchsorted(np.cumsum(falling), (areas.sum() + 1) // 2)]
    kept = np.flatnonzero(areas * SPECK >= typical)
    x, y, width, height = stats[1:, :4][kept].astype(np.int64).T
    return Parts(np.stack([y, x, y + height, x + width], axis=1), kept + 1, labels)


def cut_ink(flat: np.ndarray, parts: Parts, corner: np.ndarray, reduction: np.ndarray) -> PhotoInk:
    """Cuts developed ink to the extent of its parts.

    Args:
        flat: uint8 [height, width].
        parts: parts of `flat`, at least one.
        corner: of `flat`, in pixels of the reduced photo.
        reduction: see `PhotoInk`.
    """
    (top, left), (bottom, right) = parts.boxes[:, :2].min(axis=0) - PAD, parts.boxes[:, 2:].max(axis=0) + PAD
    top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, flat.shape[0]), min(right, flat.shape[1])
    image = np.ascontiguousarray(flat[top:bottom, left:right])
    return PhotoInk(image, corner + np.array([top, left]), reduction, parts.sizes.tolist())


def _clip(corners: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Clips boxes [n, 2, 2] to limits and rounds them to fixed point: float32 [kept, 4], and the indices of the kept.

    The limits are pairs y, x. A box that is thinner than a pixel is widened to one pixel.
    """
    fixed = np.floor(corners * UNITS + 0.5).astype(np.int64)
    thin = np.maximum(UNITS - (fixed[:, 1] - fixed[:, 0]), 0)
    fixed[:, 0] -= thin // 2
    fixed[:, 1] += thin - thin // 2
    fixed = np.clip(fixed, low * UNITS, high * UNITS)
    kept = np.flatnonzero((fixed[:, 1] > fixed[:, 0]).all(axis=1))
    return (fixed[kept].reshape(-1, 4) / UNITS).astype(np.float32), kept.tolist()
