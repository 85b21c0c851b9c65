"""If a process dies during a job on Flink, the job restarts or fails; it never loses a byte or waits forever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster import flink
from pipeline.jobs import decode
from tests.cluster.held import DeadlyJob, HeldJob, WrongJob
from tests.jobs.branches import decode_characters, output
from tests.jobs.execution import work_with
from tests.jobs.tiny_casia import digests, make_source

SECONDS = 900  # that anything may take beside other work; 30 on an idle machine
RAN = {"records": 30, "written": 30, "filtered": 0, "quarantined": 0, "writers": 6, "classes": 5}

pytestmark = [pytest.mark.flink, pytest.mark.timeout(4 * SECONDS)]


@pytest.fixture
def source(tmp_path) -> Path:
    """Six files to decode."""
    return make_source(tmp_path / "source")


@pytest.fixture
def expected(source, tmp_path) -> dict[str, str]:
    """The digests of the outputs of decoding on this machine."""
    decode_characters(source, output(tmp_path / "expected"))
    return digests(tmp_path / "expected")


@pytest.fixture
def started(source, tmp_path, monkeypatch) -> Iterator[Callable[[type], Future]]:
    """Starts a decode job on Flink and waits for it at the end."""
    with ThreadPoolExecutor() as threads:

        def start(job: type) -> Future:
            monkeypatch.setattr(decode, "DecodeJob", job)
            work_with("Flink", monkeypatch)
            return threads.submit(decode_characters, source, output(tmp_path / "flink"))

        yield start


@pytest.fixture
def held(started, tmp_path, expected) -> Iterator[tuple[Future, set[int]]]:
    """A job that has a worker on each task manager, which stand still, and their process ids; it goes on at the end."""
    gate = tmp_path / "flink/gate"
    gate.mkdir(parents=True)
    job = started(HeldJob)
    try:
        wait_for(lambda: job.done() or len(list(gate.iterdir())) == flink.TASK_MANAGERS)
        assert not job.done()
        yield job, {int(path.name) for path in gate.iterdir()}
    finally:
        if gate.is_dir():
            release(gate)


def release(gate: Path) -> None:
    gate.rename(gate.parents[1] / "open gate")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> set[int]:
    """The processes that a process has started."""
    lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return {int(child) for child in " ".join(lists).split()}


def failures() -> list[str]:
    """What made Flink restart the latest job."""
    latest = max(flink.rest("jobs/overview")["jobs"], key=lambda job: job["start-time"])
    history = flink.rest(f"jobs/{latest['jid']}/exceptions")["exceptionHistory"]
    return [entry["exceptionName"] for entry in history["entries"]]


def test_a_worker_that_is_killed_costs_a_restart(held, tmp_path, expected):
    job, workers = held
    os.kill(workers.pop(), signal.SIGKILL)
    release(tmp_path / "flink/gate")
    assert job.result(SECONDS) == RAN
    assert digests(tmp_path / "flink") == expected
    assert len(failures()) == 1


def test_a_task_manager_that_is_killed_costs_a_restart_on_the_other(held, tmp_path, expected):
    job, _ = held
    pid = flink.pid_of("task-manager-1")
    os.kill(pid, signal.SIGKILL)
    release(tmp_path / "flink/gate")  # its worker goes on for a while
    try:
        assert job.result(SECONDS) == RAN
    finally:
        subprocess.run([sys.executable, "-m", "cluster.flink", "up"], check=True)
    assert digests(tmp_path / "flink") == expected
    assert flink.pid_of("task-manager-1") not in (None, pid)


def test_a_worker_that_is_killed_before_it_is_there_is_started_again(started, tmp_path, expected):
    pool = flink.pid_of("worker-pool")
    before = children(pool)
    job = started(decode.DecodeJob)
    wait_for(lambda: job.done() or children(pool) - before)
    os.kill(min(children(pool) - before), signal.SIGKILL)
    assert job.result(SECONDS) == RAN
    assert digests(tmp_path / "flink") == expected


@pytest.mark.parametrize(
    ("kind", "message"), [(DeadlyJob, "failed in state FAILED"), (WrongJob, "ZeroDivisionError: made up")]
)
def test_what_fails_again_and_again_fails_the_job(kind, message, started, tmp_path):
    job = started(kind)
    with pytest.raises(RuntimeError, match=message):
        job.result(SECONDS)
    assert list((tmp_path / "flink").iterdir()) == []
