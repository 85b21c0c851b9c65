import os

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
