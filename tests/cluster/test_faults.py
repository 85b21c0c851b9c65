"""If a process dies or the store fails during a job on Flink, the job restarts or fails; it never loses a byte."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster import faulty_s3, local, store
from pipeline.jobs import decode, math_decode
from tests.cluster import held
from tests.cluster.held import DeadlyJob, HeldJob, HeldMathJob, WrongJob
from tests.jobs.branches import BRANCHES
from tests.jobs.execution import work_with

SECONDS = 900  # that anything may take beside other work; 30 on an idle machine
FAILING = 10  # seconds
JOBS = {"characters": (decode, "DecodeJob", HeldJob), "math": (math_decode, "MathDecodeJob", HeldMathJob)}

pytestmark = [pytest.mark.flink, pytest.mark.timeout(4 * SECONDS)]


@pytest.fixture(params=BRANCHES)
def name(request) -> str:
    """Each branch."""
    return request.param


@pytest.fixture(autouse=True)
def _empty_store(monkeypatch) -> None:
    for variable, value in store.ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    faulty_s3.reset()
    held.bucket().objects.all().delete()


@pytest.fixture
def source(name, tmp_path) -> Path:
    """Files to decode."""
    return BRANCHES[name].make_source(tmp_path / "source")


@pytest.fixture
def expected(name, source, tmp_path) -> dict[str, str]:
    """The digests of the outputs of both jobs on this machine."""
    return BRANCHES[name].run(source, tmp_path / "expected")


@pytest.fixture
def in_store(source) -> str:
    """The source as a folder in the store."""
    for path in source.rglob("*"):
        if path.is_file():
            held.bucket().upload_file(str(path), f"source/{path.relative_to(source).as_posix()}")
    return f"s3://{store.BUCKET}/source"


@pytest.fixture
def started(name, in_store, tmp_path, monkeypatch) -> Iterator[Callable[[type], Future]]:
    """Starts both jobs of a branch on Flink, decoding with a special class; waits for them at the end."""
    with ThreadPoolExecutor() as threads:

        def start(job: type | None = None) -> Future:
            if job is not None:
                module, original, _ = JOBS[name]
                monkeypatch.setattr(module, original, job)
            work_with("Flink", monkeypatch)
            return threads.submit(BRANCHES[name].run, in_store, tmp_path / "flink")

        yield start


@pytest.fixture
def held_job(name, started, expected) -> Iterator[tuple[Future, set[int]]]:
    """Jobs whose workers stand still, and the workers' process ids; they go on at the end."""
    held.bucket().put_object(Key=held.GATE)
    job = started(JOBS[name][2])
    try:
        wait_for(lambda: job.done() or held.keys(held.WORKERS))
        if job.done():
            job.result()
        yield job, {int(key.rpartition("/")[2]) for key in held.keys(held.WORKERS)}
    finally:
        release()


def release() -> None:
    held.bucket().objects.filter(Prefix=held.GATE).delete()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def children(pid: int) -> set[int]:
    """The processes that a process has started."""
    lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return {int(child) for child in " ".join(lists).split()}


def test_source_and_staging_in_the_store_give_the_same_bytes(started, expected):
    assert started().result(SECONDS) == expected
    assert held.keys("staging/") == []


def test_a_worker_that_is_killed_costs_a_restart(held_job, expected):
    job, workers = held_job
    os.kill(workers.pop(), signal.SIGKILL)
    release()
    assert job.result(SECONDS) == expected


def test_a_task_manager_that_is_killed_costs_a_restart_on_the_other(held_job, expected):
    job, _ = held_job
    pid = local.pid_of("task-manager-1")
    os.kill(pid, signal.SIGKILL)
    release()  # its worker goes on for a while
    try:
        assert job.result(SECONDS) == expected
    finally:
        subprocess.run([sys.executable, "-m", "cluster.flink", "up"], check=True)
    assert local.pid_of("task-manager-1") not in (None, pid)


@pytest.mark.parametrize("kind", ["503", "cut"])
def test_a_store_that_fails_for_some_seconds_costs_only_time(kind, held_job, expected):
    job, _ = held_job
    faulty_s3.fail(kind, FAILING)
    release()
    assert job.result(SECONDS) == expected
    assert sum(count for name, count in faulty_s3.counts().items() if name.startswith("failed")) > 0


@pytest.mark.parametrize("name", ["characters"])
def test_a_worker_that_is_killed_before_it_is_there_is_started_again(started, expected):
    pool = local.pid_of("worker-pool")
    before = children(pool)
    job = started()
    wait_for(lambda: job.done() or children(pool) - before)
    os.kill(min(children(pool) - before), signal.SIGKILL)
    assert job.result(SECONDS) == expected


@pytest.mark.parametrize("name", ["characters"])
@pytest.mark.parametrize(
    ("kind", "message"), [(DeadlyJob, "failed in state FAILED"), (WrongJob, "ZeroDivisionError: made up")]
)
def test_what_fails_again_and_again_fails_the_job(kind, message, started, tmp_path):
    job = started(kind)
    with pytest.raises(RuntimeError, match=message):
        job.result(SECONDS)
    assert list((tmp_path / "flink").iterdir()) == []
