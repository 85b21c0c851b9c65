"""Where and how Beam runs: taken from the environment, never from params, because it changes no byte of the output.

    INK2EDGE_BEAM="--runner=FlinkRunner --flink_master=[local] --environment_type=LOOPBACK" dvc repro

holds any Beam pipeline options. When it is unset, jobs run on this machine with Beam's FnApiRunner, named outright: the
`DirectRunner` of today looks for the Prism runner first and may try to download it. Small jobs run in this process;
large ones in one process a core, which cost some seconds to start. INK2EDGE_WORKERS sets another number, for small jobs
too. A process that dies fails the job, see `pipeline.jobs.workers`. Processes on this machine connect to each other
directly, whatever `http_proxy` says; other runners use the proxies of the environment.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tqdm import tqdm

from pipeline.errors import InkError
from pipeline.jobs import workers
from pipeline.processes import asked_workers, worker_count

VARIABLE = "INK2EDGE_BEAM"
# Seconds of work in one process from which a process a core pays: starting them costs about 3 s on two idle cores.
PARALLEL_FROM = 12.0
_POLL_SECONDS, _POLL_SECONDS_IN_LOGS = 0.5, 15.0


def run(transform: beam.PTransform, seconds: float, progress: Callable[[], tuple[int, int]], desc: str) -> None:
    """Runs a transform that starts from the pipeline itself, to its end.

    Args:
        transform: the job.
        seconds: that the work would take in one process, roughly: decides on the number of local processes.
        progress: returns how many steps are done, and of how many; polled while the job runs, on any runner.
        desc: what the progress bar calls the job.
    """
    pipeline = _pipeline(seconds)
    pipeline | desc >> transform
    local = isinstance(pipeline.runner, FnApiRunner)
    with (
        _Progress(progress, desc),
        workers.losses_told(),
        workers.without_proxies() if local else contextlib.nullcontext(),  # a cluster may be behind one
    ):
        pipeline.run().wait_until_finish()


def count_files(folder: Path, pattern: str) -> int:
    """How many files of `folder` match a glob pattern."""
    return sum(1 for _ in folder.glob(pattern))


def _pipeline(seconds: float) -> beam.Pipeline:
    _quieten()
    if given := os.environ.get(VARIABLE):
        try:
            return beam.Pipeline(options=PipelineOptions(shlex.split(given)))
        except ValueError as error:
            raise InkError(f"{VARIABLE}={given!r}: expected Beam pipeline options, found {error}; mend it") from error
    processes = worker_count()
    if processes == 1 or (seconds < PARALLEL_FROM and not asked_workers()):
        return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    options = PipelineOptions([f"--direct_num_workers={processes}"])
    return beam.Pipeline(runner=FnApiRunner(default_environment=workers.environment()), options=options)


def _quieten() -> None:
    """Beam warns of optional cloud packages and tells each stage it runs; its errors stay, but of lost connections."""
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    logging.getLogger("apache_beam.runners.worker.data_plane").setLevel(logging.CRITICAL)


class _Progress:
    """A bar on stderr that a thread keeps up to date."""

    def __init__(self, progress: Callable[[], tuple[int, int]], desc: str) -> None:
        self._progress = progress
        self._bar = tqdm(desc=desc, total=progress()[1], unit="file")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._update()
        self._bar.close()

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_SECONDS if sys.stderr.isatty() else _POLL_SECONDS_IN_LOGS):
            self._update()

    def _update(self) -> None:
        done, self._bar.total = self._progress()
        self._bar.n = done
        self._bar.refresh()
