"""Measures the cost of a task over all its processes: seconds, processor time, memory, bytes written, disk.

    measure(functools.partial(decode_job, source, folder, 2), folder)

The task runs in a new process, whose process tree is sampled in /proc four times per second (Linux only).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

LOOK_EVERY = 0.25  # seconds
WALK_SHARE = 0.05  # largest share of time for walking the folder: a folder of a million files is walked less often


class Measurement(NamedTuple):
    """Cost of one run."""

    records: int
    seconds: float
    cpu: float  # seconds of processor time
    largest: float  # MB of resident memory, maximum over all processes
    together: float  # MB of resident memory, highest sum over all processes; shared pages count in each process
    written: float  # MB written, including files that were removed later
    disk: float  # MB, largest size of the folder
    left: float  # MB, final size of the folder


def measure(work: Callable[[], int], folder: Path) -> Measurement:
    """Runs `work`, which returns a number of records, in a new process, and samples the process and `folder`.

    Raises:
        SystemExit: `work` failed; its traceback has been printed.
    """
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, sender))
    process.start()
    sender.close()  # only the process holds the other end: if it ends without a result, `poll` returns at once
    watch = _Watch(process.pid or 0, folder)
    try:
        while not receiver.poll(LOOK_EVERY):
            watch.look()
        records, seconds, cpu, written = receiver.recv()
        process.join()
    except EOFError as error:
        raise SystemExit("a measured process failed, see above") from error
    finally:
        if process.is_alive():
            _kill(process.pid or 0)
    left = folder_size(folder)
    return Measurement(
        records,
        seconds,
        cpu,
        watch.largest / 1e6,
        watch.together / 1e6,
        written / 1e6,
        max(watch.disk, left) / 1e6,
        left / 1e6,
    )


def folder_size(folder: Path) -> int:
    """Bytes of disk that the files below `folder` occupy."""
    total = 0
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # a file may be removed or renamed at any time
                if entry.is_dir(follow_symlinks=False):
                    total += folder_size(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


class _Watch:
    """The highest figures of a process tree and of the folder that it writes to, in bytes."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.largest = self.together = self.disk = 0
        self._pid, self._folder, self._next_walk = pid, folder, 0.0

    def look(self) -> None:
        """Samples the current state."""
        memory = [_memory(pid) for pid in _family(self._pid)]
        self.largest = max(self.largest, *(peak for peak, _ in memory))
        self.together = max(self.together, sum(now for _, now in memory))
        start = time.monotonic()
        if start >= self._next_walk:
            self.disk = max(self.disk, folder_size(self._folder))
            end = time.monotonic()
            self._next_walk = end + (end - start) / WALK_SHARE


def _run(work: Callable[[], int], sender: Connection) -> None:
    before, start = _used(), time.perf_counter()
    records = work()
    seconds = time.perf_counter() - start
    cpu, written = (after - earlier for after, earlier in zip(_used(), before, strict=True))
    sender.send((records, seconds, cpu, written))


def _used() -> tuple[float, int]:
    """Seconds of processor time and bytes written so far by this process and the children that it has waited for."""
    return sum(os.times()[:4]), int(_fields(Path("/proc/self/io"))["wchar"])


def _family(root: int) -> list[int]:
    """`root` and its descendants."""
    children = defaultdict(list)
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # the process may have ended
                stat = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
                children[int(stat.rpartition(")")[2].split()[1])].append(int(entry.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def _memory(pid: int) -> tuple[int, int]:
    """Peak and current resident memory of a process in bytes; 0 for a process that has ended."""
    try:
        fields = _fields(Path(f"/proc/{pid}/status"))
    except OSError:
        return 0, 0
    peak, now = (int(fields.get(name, "0 kB").split()[0]) * 1024 for name in ("VmHWM", "VmRSS"))
    return peak, now


def _fields(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _kill(root: int) -> None:
    """Kills a process tree."""
    for pid in _family(root):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
