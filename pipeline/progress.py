"""Progress bars on stderr: lively on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 30  # in a log


def progress(items: Iterable[Any] | None = None, *, total: int, desc: str, unit: str) -> tqdm:
    """A bar over `items`, or one to call `update(n)` on.

    Args:
        items: what is passed on, one by one.
        total: how many there are.
        desc: what is being done.
        unit: of the count, in the plural.
    """
    pause = 0.1 if sys.stderr.isatty() else SECONDS_BETWEEN_LINES
    return tqdm(items, total=total, desc=desc, unit=f" {unit}", mininterval=pause, maxinterval=pause)
