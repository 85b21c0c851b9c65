"""Distorts normalised images during training: affine, elastic, stroke thickness.

There are no flips, because a mirrored character has no class. `python -m benchmarks.input_pipeline` measures the cost.
Use one `Distorter` per batch: it holds a random generator.
"""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np

from pipeline.params import Augment

ELASTIC_GRID = 4  # control points per side; few, so that neighbouring strokes move together
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


class Distorter:
    """Applies one random distortion per image.

    Args:
        params: the largest distortions.
        rng: source of every random number.
        strength: 0..1, multiplies all distortions.

    Example:
        >>> Distorter(params.train.augment, np.random.default_rng(1), 1.0)(images)  # uint8 [batch, 56, 56]
    """

    def __init__(self, params: Augment, rng: np.random.Generator, strength: float) -> None:
        self._params = params
        self._rng = rng
        self._strength = strength

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns distorted copies of uint8 `[batch, side, side]`; with strength 0, the images themselves."""
        if self._strength == 0:
            return images
        cv2.setNumThreads(1)  # an image is too small to be shared: two threads would take 1.4 to 1.9 times as long
        return np.stack([self._distort(image) for image in images])

    def _distort(self, image: np.ndarray) -> np.ndarray:
        warped = cv2.remap(image, *self._sampling_maps(image.shape[0]), cv2.INTER_LINEAR, borderValue=0)
        return self._change_thickness(warped)

    def _sampling_maps(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Source position of each output pixel, as float32 x and y maps `[side, side]`."""
        params, strength, rng = self._params, self._strength, self._rng
        angle, shear_x, shear_y, scale_x, scale_y, shift_x, shift_y = rng.uniform(-strength, strength, 7)
        angle *= math.radians(params.rotate)
        cos, sin = math.cos(angle), math.sin(angle)
        shear = np.array([[1, shear_x * params.shear], [shear_y * params.shear / 2, 1]])
        scale = np.diag([1 + scale_x * params.scale, 1 + scale_y * params.scale])
        matrix = np.array([[cos, -sin], [sin, cos]]) @ shear @ scale
        x, y = _axes(side)
        centre = (side - 1) / 2 + np.array([shift_x, shift_y]) * params.shift * side
        bend = rng.normal(0, params.elastic * strength, (2, ELASTIC_GRID, ELASTIC_GRID)).astype(np.float32)
        maps = [
            matrix[i, 0] * x
            + matrix[i, 1] * y
            + centre[i]
            + cv2.resize(bend[i], (side, side), interpolation=cv2.INTER_CUBIC)
            for i in range(2)
        ]
        return maps[0].astype(np.float32), maps[1].astype(np.float32)

    def _change_thickness(self, image: np.ndarray) -> np.ndarray:
        """Blends in a one-pixel dilation or erosion, so that thickness also changes by less than a pixel."""
        rng = self._rng
        if rng.random() >= self._params.thickness * self._strength:
            return image
        morphed = cv2.dilate(image, CROSS) if rng.random() < 0.5 else cv2.erode(image, CROSS)
        share = rng.uniform(0, 0.8)
        return cv2.addWeighted(morphed, share, image, 1 - share, 0)


@functools.cache
def _axes(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of pixels from the centre: x `[1, side]` and y `[side, 1]`."""
    axis = np.arange(side) - (side - 1) / 2
    return axis[np.newaxis], axis[:, np.newaxis]
