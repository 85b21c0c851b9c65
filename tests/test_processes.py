import os
import signal

import pytest

from pipeline.errors import InkError
from pipeline.processes import spread, worker_count

started: list[str] = []


def start(name):
    started.append(name)


def square(number):
    return number * number


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_wrong_number_of_workers_is_named(monkeypatch, text):
    monkeypatch.setenv("INK2EDGE_WORKERS", text)
    with pytest.raises(InkError, match=f"INK2EDGE_WORKERS: .* found '{text}'"):
        worker_count()


def test_the_number_of_workers_is_that_of_the_environment_or_of_the_cores(monkeypatch):
    monkeypatch.setenv("INK2EDGE_WORKERS", "3")
    assert worker_count() == 3
    monkeypatch.delenv("INK2EDGE_WORKERS")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert worker_count() == 2


def test_one_process_is_this_one():
    started.clear()
    assert list(spread(square, [1, 2, 3], 1, start, ("here",))) == [1, 4, 9]
    assert started == ["here"]


def test_several_processes_do_every_task():
    assert sorted(spread(square, [1, 2, 3], 2, start, ("there",))) == [1, 4, 9]


def die(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.timeout(120)  # long: the test looks for a hang
def test_a_process_that_is_killed_fails_the_work(monkeypatch):
    monkeypatch.setenv("INK2EDGE_WORKERS", "2")
    with pytest.raises(InkError, match=r"found that one ended; did it run out of memory.* to fewer than 2"):
        list(spread(die, [1, 2, 3, 4], 2, start, ("there",)))


def refuse(number):
    raise OSError(28, "No space left on device")


def test_an_error_of_the_work_comes_through():
    with pytest.raises(OSError, match="No space left") as error:
        list(spread(refuse, [1, 2, 3, 4], 2, start, ("there",)))
    assert error.value.errno == 28


def test_whoever_has_enough_may_stop():
    results = spread(square, [1, 2, 3, 4], 2, start, ("there",))
    assert next(results) in (1, 4, 9, 16)
    results.close()
