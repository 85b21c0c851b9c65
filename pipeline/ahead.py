"""Threads compute results ahead of the reader. Results keep the order of the input, so no output byte changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 2
ITEMS_AHEAD = 8

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(function: Callable[[_Item], _Result], items: Iterator[_Item]) -> Iterator[_Result]:
    """Yields `map(function, items)` in order; threads compute a few results before the reader needs them."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="ahead") as pool:
        pending: deque = deque()
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > ITEMS_AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
