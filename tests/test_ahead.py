import itertools
import os
import signal

import pytest

from pipeline.ahead import MANY_CORES, ahead
from pipeline.errors import InkError
from pipeline.processes import VARIABLE


@pytest.fixture(params=["threads", "processes"])
def pool(request, monkeypatch) -> str:
    monkeypatch.setenv(VARIABLE, str(MANY_CORES if request.param == "processes" else MANY_CORES - 1))
    return request.param


def who(item: int) -> tuple[int, int]:
    """The item, and the process that computes it."""
    return item, os.getpid()


def die(item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_results_keep_the_order_of_the_items(pool):
    items, processes = zip(*ahead(who, iter(range(100)), picklable=True), strict=True)
    assert items == tuple(range(100))
    assert (set(processes) == {os.getpid()}) == (pool == "threads")


def test_items_are_read_only_a_few_ahead(pool):
    read = itertools.count()
    results = ahead(who, ((next(read), item)[1] for item in itertools.count()), picklable=True)
    assert next(results)[0] == 0
    assert next(read) <= 4 * MANY_CORES
    results.close()


def test_what_cannot_be_sent_stays_in_this_process(monkeypatch):
    monkeypatch.setenv(VARIABLE, str(MANY_CORES))
    assert list(ahead(lambda item: (item, os.getpid()), iter([1]))) == [(1, os.getpid())]


def test_a_killed_process_is_an_error(monkeypatch):
    monkeypatch.setenv(VARIABLE, str(MANY_CORES))
    with pytest.raises(InkError, match="found that one ended"):
        list(ahead(die, iter(range(3)), picklable=True))
