"""If a worker process of a local Beam job dies, the job fails with a message at any step, and does not wait."""

import os
import signal
import threading

import apache_beam as beam
import pytest
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState

from pipeline.errors import InkError
from pipeline.jobs import runner, workers

TIMEOUT = pytest.mark.timeout(300)  # long enough for a busy machine, which takes a minute; the test looks for a hang


@pytest.fixture(autouse=True)
def two_processes(monkeypatch):
    monkeypatch.setenv("INK2EDGE_WORKERS", "2")


def run(work) -> None:
    """A job of some work on each of four numbers, in two steps."""

    class Steps(beam.PTransform):
        def expand(self, input_or_inputs):
            numbers = input_or_inputs | beam.Create([(number, None) for number in range(4)], reshuffle=False)
            return numbers | beam.GroupByKey() | beam.Map(lambda pair: work(pair[0]))

    runner.run(Steps(), 0, lambda: (0, 4), "steps")


@TIMEOUT
def test_a_worker_that_is_killed_at_work(capfd):
    main = os.getpid()

    def die_on_three(number):
        assert os.getpid() != main  # whoever is here may be killed
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(InkError, match=r"found that one ended with SIGKILL.* INK2EDGE_WORKERS to fewer than 2 and run"):
        run(die_on_three)
    assert "Traceback" not in capfd.readouterr().err


@TIMEOUT
def test_a_worker_that_is_killed_before_it_is_ready(monkeypatch):
    start = workers.LocalWorker.start_worker

    def start_and_kill(worker):
        start(worker)
        worker._process.kill()

    monkeypatch.setattr(workers.LocalWorker, "start_worker", start_and_kill)
    with pytest.raises(InkError, match="ended with SIGKILL"):
        run(str)


PROXIES = ["http_proxy", "https_proxy", "grpc_proxy", "all_proxy"]
PROXIES += [name.upper() for name in PROXIES]


@TIMEOUT
@pytest.mark.parametrize("mode", ["multi_processing", "multi_threading"])
def test_workers_on_this_machine_connect_past_a_proxy(tmp_path, monkeypatch, mode):
    for name in PROXIES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    if mode == "multi_threading":
        name = f"{runner.FnApiRunner.__module__}.FnApiRunner"
        options = f"--runner={name} --direct_running_mode=multi_threading --direct_num_workers=2"
        monkeypatch.setenv(runner.VARIABLE, options)

    def note(number):
        (tmp_path / f"{number}").write_text(" ".join(name for name in os.environ if name.lower() in PROXIES))

    run(note)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys("0123", "")
    assert [os.environ[name] for name in PROXIES] == ["http://127.0.0.1:9"] * len(PROXIES)


def test_another_runner_keeps_the_proxy(monkeypatch):
    found = []

    class Elsewhere(PipelineRunner):
        def run_pipeline(self, pipeline, options):
            found.append(os.environ["http_proxy"])
            return PipelineResult(PipelineState.DONE)

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(runner, "_pipeline", lambda seconds: beam.Pipeline(runner=Elsewhere()))
    run(str)
    assert found == ["http://127.0.0.1:9"]


@TIMEOUT
def test_workers_that_cannot_start(monkeypatch):
    command = workers.SubprocessSDKEnvironment.from_command_string("python -c 'raise SystemExit(3)'")
    monkeypatch.setattr(workers, "environment", lambda: command)
    with pytest.raises(InkError, match="ended with status 3"):
        run(str)


@TIMEOUT
def test_an_error_of_the_work_stays_what_it_is(monkeypatch):
    def fail(number):
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run(fail)


def test_other_threads_than_beams_fail_aloud(monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    failures = [
        threading.ExceptHookArgs([OSError, OSError(), None, threading.Thread(name=name)])
        for name in ("beam_control_read", "mine")
    ]
    with workers.losses_reported():
        for failure in failures:
            threading.excepthook(failure)
    assert told == failures[1:]
    threading.excepthook(failures[0])
    assert told == failures[::-1]
