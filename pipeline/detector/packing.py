"""Packs several training formulas onto each canvas.

A single formula covers a third of its canvas on average, and the time of a training step depends on the canvas size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

OPEN_CANVASES = 24  # canvases considered for each formula


@dataclass(frozen=True)
class Place:
    """Position of the patch of item `item`: its top left pixel (y, x) on the canvas."""

    item: int
    y: int
    x: int


@dataclass
class _Shelf:
    y: int
    height: int
    used: int


@dataclass
class _Canvas:
    height: int
    width: int
    boxes_left: int
    shelves: list[_Shelf] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def waste(self, height: int, width: int, boxes: int) -> int | None:
        """Rows wasted if the patch goes on the best shelf; None if it does not fit."""
        shelf = self._shelf_for(height, width)
        return None if boxes > self.boxes_left or shelf is None else max(0, shelf.height - height)

    def put(self, item: int, height: int, width: int, boxes: int) -> None:
        """Places a patch, which must fit."""
        shelf = self._shelf_for(height, width)
        assert shelf is not None
        if shelf not in self.shelves:
            self.shelves.append(shelf)
        shelf.height = max(shelf.height, height)
        self.places.append(Place(item, shelf.y, shelf.used))
        shelf.used += width
        self.boxes_left -= boxes

    def _shelf_for(self, height: int, width: int) -> _Shelf | None:
        fitting = [s for s in self.shelves if s.height >= height and s.used + width <= self.width]
        if fitting:
            return min(fitting, key=lambda shelf: shelf.height)
        if self.shelves:  # the lowest shelf may grow
            last = self.shelves[-1]
            if last.y + height <= self.height and last.used + width <= self.width:
                return last
        top = self.shelves[-1].y + self.shelves[-1].height if self.shelves else 0
        return _Shelf(top, height, 0) if top + height <= self.height else None


def pack(
    sizes: Sequence[tuple[int, int]],
    boxes: Sequence[int],
    order: Sequence[int],
    canvas: tuple[int, int],
    most_boxes: int,
) -> list[list[Place]]:
    """First-fit packing in the given order.

    Args:
        sizes: height and width in pixels of each item's patch, at most those of the canvas.
        boxes: number of true boxes in each item.
        order: indices of the items, in the order of packing.
        canvas: height and width of a canvas in pixels.
        most_boxes: maximum number of boxes per canvas; an item with more gets a separate canvas.

    Returns:
        The places on each canvas; every item of `order` occurs once.
    """
    done: list[list[Place]] = []
    waiting: list[_Canvas] = []
    for item in order:
        height, width = sizes[item]
        waste = [(w, i) for i, c in enumerate(waiting) if (w := c.waste(height, width, boxes[item])) is not None]
        if not waste:
            waiting.append(_Canvas(*canvas, most_boxes))
            if len(waiting) > OPEN_CANVASES:
                done.append(waiting.pop(0).places)
        chosen = waiting[min(waste)[1]] if waste else waiting[-1]
        chosen.put(item, height, width, boxes[item])
    return done + [canvas.places for canvas in waiting]
