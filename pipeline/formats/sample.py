"""One sample of the HCCR branch, as Parquet and TFRecord shards store it."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """A normalised character. `key` is unique in a data set: `<writer or file>/<position in the file>`."""

    key: str
    writer: str  # "" if the file names none
    char: str
    label: int  # line of the class list, counted from 0
    width: int  # of the raw scan, in pixels
    height: int
    image: bytes  # 56 x 56 8-bit grey PNG, see `pipeline.ink.normalise`
