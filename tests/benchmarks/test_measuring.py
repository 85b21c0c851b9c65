"""`benchmarks.measuring` reports the known cost of some work."""

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from benchmarks.measuring import folder_size, measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MEGABYTE = 1_000_000
HELD = 200  # MB of memory
SECONDS = 1.5  # for which it is held; long enough for several measurements


def hold_memory(processes: int) -> int:
    """Holds memory in several processes at the same time, other than this process."""
    code = f"import time; held = b'x' * {HELD * MEGABYTE}; time.sleep({SECONDS})"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(processes)]
    return sum(process.wait() == 0 for process in started)


def write_and_remove(folder: Path) -> int:
    """Writes 10 MB and keeps 4 MB of them."""
    for name, size in (("stays", 4), ("goes", 6)):
        (folder / name).write_bytes(os.urandom(size * MEGABYTE))
    time.sleep(SECONDS)
    (folder / "goes").unlink()
    return 7


def burn(seconds: float) -> int:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return 1


def fail() -> int:
    raise ValueError("on purpose")


def test_memory_is_that_of_the_largest_process_and_of_all_together(tmp_path):
    taken = measure(partial(hold_memory, 2), tmp_path)
    assert taken.records == 2
    assert HELD < taken.largest < 1.5 * HELD
    assert 2 * HELD < taken.together < 3 * HELD
    assert taken.seconds >= SECONDS


def test_disk_is_the_most_that_the_folder_held_and_what_is_left(tmp_path):
    taken = measure(partial(write_and_remove, tmp_path), tmp_path)
    assert taken.records == 7
    assert 10 <= taken.written < 11
    assert 10 <= taken.disk < 11
    assert 4 <= taken.left < 5
    assert folder_size(tmp_path) / MEGABYTE == taken.left


def test_processor_time_is_that_of_the_work(tmp_path):
    assert 0.98 < measure(partial(burn, 1.0), tmp_path).cpu < 1.5


def test_work_that_fails_ends_the_benchmark(tmp_path, capfd):
    with pytest.raises(SystemExit, match="a measured process failed, see above"):
        measure(fail, tmp_path)
    assert "ValueError: on purpose" in capfd.readouterr().err
