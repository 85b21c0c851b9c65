"""Progress bars on stderr: live on a terminal, one line every `SECONDS_BETWEEN_LINES` in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 30  # in a log


def progress(items: Iterable[Any] | None = None, *, total: int, desc: str, unit: str) -> tqdm:
    """Returns a bar that passes `items` on, or without them, a bar to call `update(n)` on.

    Args:
        items: passed on one by one.
        total: number of items.
        desc: label of the bar.
        unit: plural name of the items.
    """
    pause = 0.1 if sys.stderr.isatty() else SECONDS_BETWEEN_LINES
    return tqdm(items, total=total, desc=desc, unit=f" {unit}", mininterval=pause, maxinterval=pause)
