"""Spreads work over processes. The environment sets their number, which changes no byte of any output.

If a process is killed, the work fails at once. If the process that started the work ends or is killed, all others end.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from pipeline.errors import InkError

VARIABLE = "INK2EDGE_WORKERS"

Task = TypeVar("Task")
Result = TypeVar("Result")


def asked_workers() -> int | None:
    """Returns the value of INK2EDGE_WORKERS, or None if it is not set.

    Raises:
        InkError: the value is not a positive integer.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise InkError(f"{VARIABLE}: expected a positive number of processes, found {text!r}; correct or unset it")
    return int(text)


def available_cores() -> int:
    """Returns the number of cores that this process may use; containers and `taskset` can limit it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_count() -> int:
    """Returns the number of processes to use: INK2EDGE_WORKERS, or one per core.

    Raises:
        InkError: see `asked_workers`.
    """
    return asked_workers() or available_cores()


def lost(status: int | None) -> InkError:
    """Returns the error for work whose process ended; `status` is its `subprocess` return code, None if unknown."""
    how = "" if status is None else f" with {signal.Signals(-status).name}" if status < 0 else f" with status {status}"
    return InkError(
        f"expected worker processes to run until the work is done, found that one ended{how}; did it run out of "
        f"memory? Set {VARIABLE} to fewer than {worker_count()} and run again: no output is half-written"
    )


def spread(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    processes: int,
    start: Callable[..., None],
    arguments: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """Yields `work(task)` for every task, in the order of completion.

    Args:
        work: a function at the top level of a module, so that other processes can import it.
        tasks: arguments of `work`.
        processes: number of processes; 1 means this process only.
        start: called with `arguments` once in each process before its first task.
        arguments: must be picklable.

    Raises:
        InkError: a process was killed.
    """
    if processes == 1 or len(tasks) < 2:
        start(*arguments)
        yield from map(work, tasks)
        return
    with process_pool(min(processes, len(tasks)), start, arguments) as pool:
        try:
            for future in as_completed([pool.submit(work, task) for task in tasks]):
                yield future.result()
        except BrokenProcessPool as error:
            raise lost(None) from error
        finally:
            pool.shutdown(cancel_futures=True)


def nothing() -> None:
    """Prepares nothing in a new process."""


def process_pool(
    processes: int, start: Callable[..., None] = nothing, arguments: tuple[Any, ...] = ()
) -> ProcessPoolExecutor:
    """Returns an executor whose processes end when this one does; see `spread` for the arguments."""
    # Not `fork`: the caller may run threads. Not `multiprocessing.Pool`: it waits forever for a killed process.
    return ProcessPoolExecutor(processes, get_context("spawn"), _begin, (start, arguments))


def _begin(start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start(*arguments)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
