"""Work spread over processes. How many there are comes from the environment and changes no byte of any output."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from typing import Any, TypeVar

from pipeline.errors import InkError

Task = TypeVar("Task")
Result = TypeVar("Result")


def available_cores() -> int:
    """Cores that this process may run on; a container or `taskset` may leave it fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_count() -> int:
    """Processes to use: INK2EDGE_WORKERS, or one a core.

    Raises:
        InkError: INK2EDGE_WORKERS is no positive number.
    """
    text = os.environ.get("INK2EDGE_WORKERS", "")
    if not text:
        return available_cores()
    if not text.isdecimal() or int(text) < 1:
        raise InkError(f"INK2EDGE_WORKERS: expected a number of processes from 1 on, found {text!r}; mend or unset it")
    return int(text)


def spread(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    processes: int,
    start: Callable[..., None],
    arguments: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """Yields `work(task)` of every task, in the order in which they are done.

    Args:
        work: a function of a module, so that other processes find it.
        tasks: what to work on.
        processes: how many work at a time; 1 is this one.
        start: called with `arguments` once in each process before its first task.
        arguments: can be pickled.
    """
    if processes == 1 or len(tasks) < 2:
        start(*arguments)
        yield from map(work, tasks)
        return
    # Not `fork`: the caller may run threads.
    with get_context("spawn").Pool(min(processes, len(tasks)), start, arguments) as pool:
        yield from pool.imap_unordered(work, tasks)
