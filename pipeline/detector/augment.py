"""Training-time distortion of one formula: scale, aspect, slant, rotation, stroke thickness; boxes go along."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.params import MathAugment

CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True)
class Distortion:
    """What happens to one formula.

    Attributes:
        matrix: `[2, 2]`, takes (x, y) to (x, y).
        thickness: share of a one-pixel dilation (above 0) or erosion (below 0) that is blended in.
    """

    matrix: np.ndarray
    thickness: float

    def boxes(self, boxes: np.ndarray) -> np.ndarray:
        """The boxes `[n, 4]` of distorted symbols, from the boxes of the symbols.

        The image of a box reaches further than the image of the ink in it, which seldom fills the corners: taken is the
        middle between a box full to its corners and an ellipse within it. With scaling alone the two agree.
        """
        centre = (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2 @ self.matrix.T  # x, y
        half = (boxes[:, 2:] - boxes[:, :2])[:, ::-1] / 2
        size = np.abs(self.matrix)
        half = (half @ size.T + np.sqrt(half**2 @ size.T**2)) / 2
        return np.concatenate([(centre - half)[:, ::-1], (centre + half)[:, ::-1]], axis=1)

    def image(self, image: np.ndarray, corner: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """The patch uint8 `shape` of the distorted plane whose top left pixel is `corner` (x, y)."""
        half = np.full(2, 0.5)  # boxes count from the edge of the first pixel, OpenCV from its middle
        warp = np.column_stack([self.matrix, self.matrix @ half - corner - half])
        patch = cv2.warpAffine(image, warp, shape[::-1], flags=cv2.INTER_LINEAR)
        if self.thickness == 0:
            return patch
        morphed = cv2.dilate(patch, CROSS) if self.thickness > 0 else cv2.erode(patch, CROSS)
        share = abs(self.thickness)
        return cv2.addWeighted(morphed, share, patch, 1 - share, 0)


def draw_distortion(params: MathAugment, rng: np.random.Generator) -> Distortion:
    """A random distortion within the bounds of `params`."""
    scale, aspect, slant, turn = rng.uniform(-1, 1, 4) * (params.scale, params.aspect, params.slant, params.rotate)
    size = math.exp(scale) * np.array([math.exp(aspect / 2), math.exp(-aspect / 2)])
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, -slant], [0, 1]]) @ np.diag(size)
    thick = rng.random() < params.thickness
    return Distortion(matrix, float(rng.uniform(-0.8, 0.8)) if thick else 0.0)
