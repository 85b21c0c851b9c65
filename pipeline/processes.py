"""Work spread over processes. How many there are comes from the environment and changes no byte of any output.

A process that is killed fails the work at once; all of them end with the one that started them, even if it is killed.
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
    """What INK2EDGE_WORKERS says.

    Raises:
        InkError: it is no positive number.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise InkError(f"{VARIABLE}: expected a number of processes from 1 on, found {text!r}; mend or unset it")
    return int(text)


def available_cores() -> int:
    """Cores that this process may run on; a container or `taskset` may leave it fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_count() -> int:
    """Processes to use: INK2EDGE_WORKERS, or one a core.

    Raises:
        InkError: see `asked_workers`.
    """
    return asked_workers() or available_cores()


def lost(status: int | None) -> InkError:
    """The error of work whose process has ended; `status` as `subprocess` gives it, None when nobody knows."""
    how = "" if status is None else f" with {signal.Signals(-status).name}" if status < 0 else f" with status {status}"
    return InkError(
        f"expected worker processes to stay until the work is done, found that one ended{how}; was memory short? Set "
        f"{VARIABLE} to fewer than {worker_count()} and run again: nothing half-written stands in place of an output"
    )


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

    Raises:
        InkError: a process was killed.
    """
    if processes == 1 or len(tasks) < 2:
        start(*arguments)
        yield from map(work, tasks)
        return
    # Not `fork`: the caller may run threads. Not `multiprocessing.Pool`: it waits for ever for one that is killed.
    context = get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(tasks)), context, _begin, (start, arguments)) as pool:
        try:
            for future in as_completed([pool.submit(work, task) for task in tasks]):
                yield future.result()
        except BrokenProcessPool as error:
            raise lost(None) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start(*arguments)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
