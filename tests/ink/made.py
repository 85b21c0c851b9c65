"""Made pictures: what photographs add to ink."""

from __future__ import annotations

import cv2
import numpy as np


def on_desk(
    sheet: np.ndarray, rims: tuple[int, int, int, int], tilt: float = 0.0, desk: int = 40, seed: int = 0
) -> np.ndarray:
    """A sheet on a dark, slightly uneven desk.

    Args:
        sheet: uint8 [height, width].
        rims: pixels of desk above, below, to the left and to the right; without any, the sheet continues beyond the
            picture.
        tilt: of the sheet in degrees, around its middle.
        desk: mean brightness.
        seed: of the desk's grain.
    """
    above, below, left, right = rims
    height, width = sheet.shape
    size = left + width + right, above + height + below
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1)
    turn[:, 2] += left, above
    far = 4 * max(height, width)
    edges = [
        -far if not left else 0,
        -far if not above else 0,
        far if not right else width,
        far if not below else height,
    ]
    corners = np.array([[edges[0], edges[1]], [edges[2], edges[1]], [edges[2], edges[3]], [edges[0], edges[3]]])
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(
        mask, np.round((corners @ turn[:, :2].T + turn[:, 2]) * 16).astype(np.int32), 255, cv2.LINE_AA, 4
    )
    share = cv2.GaussianBlur(mask, (3, 3), 0) / 255
    paper = cv2.warpAffine(sheet, turn, size, borderMode=cv2.BORDER_REPLICATE)
    ground = np.random.default_rng(seed).normal(desk, 5, mask.shape)
    return np.clip(paper * share + ground * (1 - share), 0, 255).astype(np.uint8)
