"""Decodes the points of an InkML trace.

    layout = layout_of([Channel("X"), Channel("Y", upwards=True)])
    points = read_points("0 80, 10 0", layout)      # float64 [points, 2]: x to the right, y downwards

A point has one value per channel. A qualifier before a value marks it as the first (`'`) or second (`"`) difference to
the previous values, or as the value itself (`!`); it applies to the channel until the next qualifier. `*` repeats the
last number of the channel. https://www.w3.org/TR/InkML/, sections 3.2 and 3.3.
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
    origin: str = ""  # reference point of its values: the attribute respectTo
    intermittent: bool = False  # some points have no value


class Layout(NamedTuple):
    """Positions of x and y in a point."""

    x: int = 0
    y: int = 1
    x_reversed: bool = False
    y_reversed: bool = False
    units: str = ""
    origin: tuple[str, str] = ("", "")

    @property
    def frame(self) -> tuple:
        """Units and origin, which all traces of a formula must share."""
        return self.units, self.origin


def layout_of(channels: Sequence[Channel]) -> Layout:
    """Positions of x and y among the channels; the first two values if no channel is declared.

    Raises:
        ValueError: the channels of every point do not include exactly one X and one Y with the same units.
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
    """The points of a trace, float64 [points, 2]: x to the right, y downwards. Ignores other channels.

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
    """The fast path for points that start with plain numbers x, y, which is nearly all points."""
    if (layout.x, layout.y) != (0, 1) or "_" in text:  # Python reads 1_0 as 10
        raise ValueError("not plain")
    rows = (point.split(maxsplit=2) for point in text.split(","))
    return [(float(row[0]), float(row[1])) for row in rows if row]


class _Difference:
    """Decodes the values of one channel, point after point."""

    def __init__(self) -> None:
        self._order = 0
        self._last: float | None = None  # the last number in the text
        self._value: float | None = None
        self._velocity: float | None = None  # difference of the last two values

    def next(self, match: re.Match[str]) -> float:
        """The value of a token. Raises a ValueError if it has none: `?`, or a difference without previous values."""
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
            raise ValueError("a value without a number")
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
