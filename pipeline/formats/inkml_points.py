"""The points of an InkML trace: which of its numbers are x and y, and how they are encoded.

    layout = layout_of([Channel("X"), Channel("Y", upwards=True)])
    points = read_points("0 80, 10 0", layout)      # float64 [points, 2]: x to the right, y downwards

A point holds one value per channel. A qualifier before a value says that it is a first (`'`) or second (`"`) difference
to the values before it, or the value itself (`!`); it applies to the channel until the next one. `*` repeats the last
number of the channel. https://www.w3.org/TR/InkML/, sections 3.2 and 3.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?"
_HEXADECIMAL = r"(?P<sign>-?)\#(?P<hexadecimal>[0-9A-Fa-f]{1,16})"
_VALUE = re.compile(  # values may touch, like 3-5 and T'7
    r"""\s*+(?:(?P<order>[!'"])\s*+)?"""
    rf"""(?:(?P<word>[TF*?])|(?:(?P<number>{_NUMBER})|{_HEXADECIMAL})(?=[\s!'"*?#TF+-]|$))""",
    re.ASCII,
)
_ORDERS = {"!": 0, "'": 1, '"': 2}


class Channel(NamedTuple):
    """A channel of a trace format."""

    name: str  # "X", "Y", "F", …
    reversed: bool = False  # its orientation is -ve: values grow to the left, or upwards
    units: str = ""
    origin: str = ""  # what its values are relative to: the attribute respectTo
    intermittent: bool = False  # not every point has a value


class Layout(NamedTuple):
    """Where x and y are in a point."""

    x: int = 0
    y: int = 1
    x_reversed: bool = False
    y_reversed: bool = False
    units: str = ""
    origin: tuple[str, str] = ("", "")

    @property
    def frame(self) -> tuple:
        """What the coordinates of all traces of a formula must share."""
        return self.units, self.origin


def layout_of(channels: Sequence[Channel]) -> Layout:
    """Where x and y are; the first two values if no channel is declared.

    Raises:
        ValueError: there is not one X and one Y of the same units that every point has.
    """
    if not channels:
        return Layout()
    names = [channel.name.upper() for channel in channels if not channel.intermittent]
    if names.count("X") != 1 or names.count("Y") != 1:
        shown = ", ".join(channel.name for channel in channels)
        raise ValueError(f"expected one channel X and one channel Y in every point, found {shown[:80]}")
    regular = [channel for channel in channels if not channel.intermittent]
    x, y = names.index("X"), names.index("Y")
    across, down = regular[x], regular[y]
    if across.units != down.units:
        raise ValueError(f"expected X and Y in the same units, found {across.units[:20]!r} and {down.units[:20]!r}")
    return Layout(x, y, across.reversed, down.reversed, across.units, (across.origin, down.origin))


def read_points(text: str, layout: Layout) -> np.ndarray:
    """The points of a trace, float64 [points, 2]: x to the right, y downwards. Values of other channels are left out.

    Numbers may be infinite or NaN.

    Raises:
        ValueError: a point without two numbers where `layout` has x and y.
    """
    try:
        found = _plain(text, layout)
    except (ValueError, IndexError):
        found = list(_decoded(text, layout))
    points = np.array(found, np.float64).reshape(-1, 2)
    if layout.x_reversed or layout.y_reversed:
        points *= [-1.0 if layout.x_reversed else 1.0, -1.0 if layout.y_reversed else 1.0]
    return points


def _plain(text: str, layout: Layout) -> list[tuple[float, float]]:
    """The fast path: points that begin with plain numbers x, y, as nearly all do."""
    if (layout.x, layout.y) != (0, 1) or "_" in text:  # Python reads 1_0 as 10
        raise ValueError("not plain")
    rows = (point.split(maxsplit=2) for point in text.split(","))
    return [(float(row[0]), float(row[1])) for row in rows if row]


class _Difference:
    """The values of one channel, point after point."""

    def __init__(self) -> None:
        self._order = 0
        self._last: float | None = None  # the number that stood last
        self._value: float | None = None
        self._velocity: float | None = None  # difference of the last two values

    def next(self, match: re.Match[str]) -> float:
        """The value of a token. Raises a ValueError if it has none, like `?` or a difference to nothing."""
        if match["order"]:
            self._order = _ORDERS[match["order"]]
        number = _number(match) if match["word"] != "*" else self._last
        velocity, value = self._velocity, number
        if self._order == 2:
            velocity = _sum(velocity, number)
        elif self._order == 1:
            velocity = number
        if self._order:
            value = _sum(self._value, velocity)
        elif self._value is not None and number is not None:
            velocity = number - self._value
        if number is None or value is None:
            raise ValueError("a value of no number")
        self._last, self._value, self._velocity = number, value, velocity
        return value


def _decoded(text: str, layout: Layout) -> Iterator[tuple[float, float]]:
    across, down = _Difference(), _Difference()
    for point in text.split(","):
        if not point or point.isspace():
            continue
        tokens: list[re.Match[str]] = []
        at = 0
        while len(tokens) <= max(layout.x, layout.y):
            match = _VALUE.match(point, at)
            if match is None:
                raise ValueError("a point without numbers for x and y")
            tokens.append(match)
            at = match.end()
        yield across.next(tokens[layout.x]), down.next(tokens[layout.y])


def _number(match: re.Match[str]) -> float | None:
    if match["hexadecimal"]:
        return float(int(match["sign"] + match["hexadecimal"], 16))
    return float(match["number"]) if match["number"] else None


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
