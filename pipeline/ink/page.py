"""Finds the formulas on a photo of a page: blocks of ink, turned upright, each with its place on the photo.

    for block in find_blocks(grey):
        canvas, placement = place_block(block, frame)
        placement.to_photo(boxes_on_the_canvas)

1. Extract the ink of the whole photo (`pipeline.ink.develop`).
2. Turn it upright if its lines are tilted (`pipeline.ink.skew`).
3. Join its connected parts to blocks. Lengths are relative to the typical part, whose long side is one unit.
   * Parts side by side, up to `BESIDE` apart; parts `NEAR` each other in any direction, such as scripts and limits.
   * A bar and all that is at most `OVER` above or below it: fractions, and sums with a line under them.
   * A row above a block that a bar underlines, up to `COLUMN` above it and no wider: the rows of a sum in columns.
4. Cut each block from the page without the ink of others. Marks of less than half a unit are no block.

A photo with one upright formula gives the ink that `find_ink` finds. So does one that shows no lines of writing: with
more than `MAX_PARTS` parts or `MAX_BLOCKS` blocks. All steps use integers or floating point that every CPU rounds
equally. Steps 2 to 4 take 2 ms for a formula of 200 pixels, 40 ms for a page of 4 megapixels, and 150 ms for a tilted
page of 12 megapixels.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipeline.ink.canvas import Frame
from pipeline.ink.develop import PAD, Parts, PhotoInk, Placement, cut_ink, find_ink, find_parts, place_ink
from pipeline.ink.skew import Turn, find_slope, turn_upright

# Distances, in typical parts or a share of them: numerator and denominator.
BESIDE = 4, 1  # between parts side by side
NEAR = 1, 2  # between parts in any direction
OVER = 1, 1  # between a bar and what is above or below it
COLUMN = 3, 2  # between the rows of a sum in columns
WIDER = 1, 4  # by which a row may exceed the block below it at either side
BLOCK = 1, 2  # least long side of a block
LEVEL = 30  # percent of the lower of two parts that must be at the same height, for them to be side by side
BAR = 2  # least length of a bar, in typical parts
FLAT = 4  # least length of a bar, in its heights
UNDERLINE = 60  # percent of the width of a block that a bar must cover to underline it
MAX_PARTS = 2000
MAX_MARKS = 256  # blocks before they are joined
MAX_BLOCKS = 64


class Block(NamedTuple):
    """The ink of one formula.

    Attributes:
        ink: upright; its corner and its reduction are those of the page, if it was turned.
        page: position of the page's ink on the photo, and its turn; None if it was not turned.
    """

    ink: PhotoInk
    page: TurnedPage | None


class TurnedPage(NamedTuple):
    """The position of an upright page on its photo."""

    turn: Turn
    corner: np.ndarray  # see `PhotoInk`
    reduction: np.ndarray

    def to_photo(self, boxes: np.ndarray) -> np.ndarray:
        """Maps boxes [n, 4] of the upright page to the boxes around them on the photo."""
        corners = self.turn.to_page(boxes).reshape(-1, 2, 2)
        return ((corners + self.corner) / self.reduction).reshape(-1, 4)


class BlockPlacement(NamedTuple):
    """The position of a block on the canvas."""

    placement: Placement
    page: TurnedPage | None

    def to_upright(self, boxes: np.ndarray) -> np.ndarray:
        """Maps boxes from the canvas to the upright page; to the photo, if it is upright."""
        return self.placement.to_photo(boxes)

    def to_photo(self, boxes: np.ndarray) -> np.ndarray:
        """Maps boxes from the canvas to the photo: [n, 4], ymin, xmin, ymax, xmax in pixels."""
        upright = self.to_upright(boxes)
        return self.page.to_photo(upright) if self.page else upright


def place_block(block: Block, frame: Frame) -> tuple[np.ndarray, BlockPlacement]:
    """Puts a block on the canvas, uint8 [height, width]; also returns its placement."""
    image, placement = place_ink(block.ink, frame)
    return image, BlockPlacement(placement, block.page)


def find_blocks(grey: np.ndarray) -> list[Block]:
    """Finds the formulas on a photo, uint8 [height, width] of any size: at least one, in any order.

    Raises:
        BlankPhotoError: no ink.
    """
    ink = find_ink(grey)
    parts = find_parts(ink.image)
    slope = find_slope(parts)
    page = None
    if slope:
        flat, turn = turn_upright(ink.image, slope)
        page = TurnedPage(turn, ink.corner, ink.reduction)
        ink = cut_ink(flat, find_parts(flat), np.zeros(2), np.ones(2))
        parts = find_parts(ink.image)
    return [Block(one, page) for one in _cut_blocks(ink, parts)]


def _cut_blocks(ink: PhotoInk, parts: Parts) -> list[PhotoInk]:
    """The ink of each block; the whole ink if there is only one, or no layout."""
    if len(parts.boxes) > MAX_PARTS:
        return [ink]
    unit = parts.typical
    groups = [group for group in group_parts(parts.boxes, unit) if _long_side(parts.boxes[group]) * 2 >= unit]
    if not 1 < len(groups) <= MAX_BLOCKS:
        return [ink]
    owners = np.zeros(int(parts.labels.max()) + 1, np.int64)  # per label, the number of its block, from 1
    for number, group in enumerate(groups, start=1):
        owners[parts.numbers[group]] = number
    return [_cut_block(ink, parts.chosen(group), owners, number) for number, group in enumerate(groups, start=1)]


def _long_side(boxes: np.ndarray) -> int:
    return int((boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)).max())


def _cut_block(ink: PhotoInk, parts: Parts, owners: np.ndarray, number: int) -> PhotoInk:
    """Cuts the parts of one block from the page. The soft edges of a part, one pixel, belong to it."""
    top, left = np.maximum(parts.boxes[:, :2].min(axis=0) - 2 * PAD, 0).tolist()
    bottom, right = (parts.boxes[:, 2:].max(axis=0) + 2 * PAD).tolist()
    labels = parts.labels[top:bottom, left:right]
    owner = owners[labels]
    own, foreign = (_soft(owner == number), _soft((owner > 0) & (owner != number)))
    image = np.where(foreign > own, 0, ink.image[top:bottom, left:right]).astype(np.uint8)
    corner = np.array([top, left])
    moved = Parts(parts.boxes - np.tile(corner, 2), parts.numbers, labels)
    return cut_ink(image, moved, ink.corner + corner, ink.reduction)


def _soft(mask: np.ndarray) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))


def group_parts(boxes: np.ndarray, unit: int) -> list[np.ndarray]:
    """Joins parts to blocks.

    Args:
        boxes: int64 [n, 4], n >= 1: ymin, xmin, ymax, xmax in pixels.
        unit: long side of the typical part.

    Returns:
        The indices of the parts of each block, ascending; blocks in the order of their first parts.
    """
    numbers = _connected(_linked(boxes.astype(np.int32), unit))
    groups = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    if len(groups) > MAX_MARKS:
        return [np.arange(len(boxes))]
    bars = _is_bar(boxes, unit)
    while True:
        hulls = np.stack([_hull(boxes[group]) for group in groups])
        lines = np.array([(boxes[group, 3] - boxes[group, 1])[bars[group]].max(initial=0) for group in groups])
        joined = np.argwhere(_rows_of_sums(hulls, lines, unit))
        if not len(joined):
            return groups
        one, other = sorted(joined[0].tolist())
        groups[one] = np.sort(np.concatenate([groups[one], groups.pop(other)]))


def _is_bar(boxes: np.ndarray, unit: int) -> np.ndarray:
    height, width = (boxes[:, 2:] - boxes[:, :2]).T
    return (width >= BAR * unit) & (width >= FLAT * height)


def _linked(boxes: np.ndarray, unit: int) -> np.ndarray:
    """Which parts are side by side, near each other, or above and below a bar: bool [n, n]."""
    low, high = boxes[:, :2].T, boxes[:, 2:].T  # [axis, n]
    down, across = np.maximum(low[:, :, None], low[:, None]) - np.minimum(high[:, :, None], high[:, None])
    height = high[0] - low[0]
    level = -down * 100 >= LEVEL * np.minimum(height[:, None], height)
    bars = _is_bar(boxes, unit)
    return (
        (level & _within(across, BESIDE, unit))
        | (_within(across, NEAR, unit) & _within(down, NEAR, unit))
        | ((bars[:, None] | bars) & (across < 0) & _within(down, OVER, unit))
    )


def _within(distance: np.ndarray, limit: tuple[int, int], unit: int) -> np.ndarray:
    return distance * limit[1] <= limit[0] * unit


def _connected(linked: np.ndarray) -> np.ndarray:
    """The first part that each part is connected to, int64 [n]."""
    numbers = np.arange(len(linked))
    while True:
        lowest = np.where(linked, numbers, len(linked)).min(axis=1)
        lowest = lowest[lowest]
        if (lowest == numbers).all():
            return numbers
        numbers = lowest


def _hull(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _rows_of_sums(hulls: np.ndarray, lines: np.ndarray, unit: int) -> np.ndarray:
    """Which blocks (first axis) have which others as a row of a sum above them: bool [n, n].

    Args:
        hulls: box of each block, int64 [n, 4].
        lines: length of the longest bar of each block, int64 [n].
        unit: long side of the typical part.
    """
    top, left, bottom, right = hulls.T
    underlined = lines * 100 >= UNDERLINE * (right - left)
    narrow = _within(left[:, None] - left, WIDER, unit) & _within(right - right[:, None], WIDER, unit)
    gap = top[:, None] - bottom
    above = (top < top[:, None]) & _within(-gap, NEAR, unit) & _within(gap, COLUMN, unit)
    return underlined[:, None] & narrow & above
