"""One sample of the HCCR branch as both file formats hold it."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """A normalised character. `key` is unique in a data set: `<writer or file>/<position in the file>`."""

    key: str
    writer: str  # "" when the file names none
    char: str
    label: int  # line of the class list, from 0
    width: int  # of the raw scan, in pixels
    height: int
    image: bytes  # 56 x 56 8-bit grey PNG, see `pipeline.ink.normalise`
