"""The pool of workers answers once a worker is connected, or reports why none is."""

import sys

import pytest
from apache_beam.portability.api import beam_fn_api_pb2, endpoints_pb2

from cluster import workers

CONNECTS = "print('connected', flush=True)"
DIES = "import os; os.kill(os.getpid(), 9)"


def start(monkeypatch: pytest.MonkeyPatch, script: str) -> str:
    """The error that the pool returns if its workers run a script."""
    monkeypatch.setattr(workers, "WORKER", [sys.executable, "-c", f"import sys; {script}"])
    control = endpoints_pb2.ApiServiceDescriptor(url="localhost:1")
    return (
        workers.Pool()
        .StartWorker(beam_fn_api_pb2.StartWorkerRequest(worker_id="1-1", control_endpoint=control), None)
        .error
    )


def test_a_worker_that_connects_is_told_where_and_who_it_is(tmp_path, monkeypatch):
    assert start(monkeypatch, f"open({str(tmp_path / 'told')!r}, 'w').write(str(sys.argv[1:])); {CONNECTS}") == ""
    assert (tmp_path / "told").read_text() == "['localhost:1', '1-1']"


def test_one_that_dies_first_is_started_again(tmp_path, monkeypatch):
    first = f"import os; mark = {str(tmp_path / 'mark')!r}; there = os.path.exists(mark); open(mark, 'w').close()"
    assert start(monkeypatch, f"{first}\nif not there: {DIES}\n{CONNECTS}") == ""


def test_one_that_always_dies_is_an_error(tmp_path, monkeypatch):
    error = start(monkeypatch, f"open({str(tmp_path / 'marks')!r}, 'a').write('x'); {DIES}")
    assert error == (
        "expected a worker that connects to localhost:1, found 3 that ended first, the last with status -9; "
        "see the pool's log"
    )
    assert (tmp_path / "marks").read_text() == "x" * workers.ATTEMPTS
