"""Computes results ahead of the reader. Results keep the order of the input, so no output byte changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pipeline.processes import lost, process_pool, worker_count

THREADS = 2
ITEMS_AHEAD = 8  # with threads; each process has as many as a thread
# Below this number of cores, a training step keeps them busy. From it on, processes use the others, which threads could
# not: they share Python's lock.
MANY_CORES = 6

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(function: Callable[[_Item], _Result], items: Iterator[_Item], picklable: bool = False) -> Iterator[_Result]:
    """Yields `map(function, items)` in order; threads compute a few results before the reader needs them.

    Args:
        function: called once per item.
        items: read by this thread, a few ahead.
        picklable: `function` is at the top level of a module, items and results are small: on machines with
            `MANY_CORES` cores, processes compute instead of threads. INK2EDGE_WORKERS sets their number.

    Raises:
        InkError: a process was killed.
    """
    processes = worker_count() - 1 if picklable and worker_count() >= MANY_CORES else 0
    with _pool(processes) as pool:
        pending: deque = deque()
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > ITEMS_AHEAD // THREADS * (processes or THREADS):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool as error:
            raise lost(None) from error
        finally:
            pool.shutdown(cancel_futures=True)  # a reader may stop early


def _pool(processes: int) -> Executor:
    return process_pool(processes) if processes else ThreadPoolExecutor(THREADS, thread_name_prefix="ahead")
