"""Where and how Beam runs. The environment sets it, not params, because it does not change the output.

    INK2EDGE_BEAM="--runner=FlinkRunner --flink_master=[local] --environment_type=LOOPBACK" dvc repro

INK2EDGE_BEAM holds any Beam pipeline options. Without it, jobs run on this machine with Beam's FnApiRunner. It is named
explicitly, because the current `DirectRunner` looks for the Prism runner first and may try to download it. Small jobs
run in this process. Large jobs use one process per core; these take a few seconds to start. INK2EDGE_WORKERS overrides
the number, for small jobs too. A process that dies fails the job, see `pipeline.jobs.workers`. Processes on this
machine connect to each other directly and ignore `http_proxy`; other runners use the proxies of the environment.
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
# From this many seconds of work, one process per core is faster: starting them takes about 3 s on two idle cores.
PARALLEL_FROM = 12.0
_POLL_SECONDS, _POLL_SECONDS_IN_LOGS = 0.5, 15.0


def run(transform: beam.PTransform, seconds: float, progress: Callable[[], tuple[int, int]], desc: str) -> None:
    """Applies a transform to an empty pipeline, runs it and waits for its end.

    Args:
        transform: the job.
        seconds: estimated duration in one process; it decides the number of local processes.
        progress: returns the number of finished steps and of all steps; polled while the job runs, on any runner.
        desc: name of the job on the progress bar.

    Raises:
        InkError: a local worker died, or INK2EDGE_BEAM holds no Beam options.
    """
    pipeline = _pipeline(seconds)
    pipeline | desc >> transform
    local = isinstance(pipeline.runner, FnApiRunner)
    with (
        _Progress(progress, desc),
        workers.losses_reported(),
        workers.without_proxies() if local else contextlib.nullcontext(),  # a cluster may be behind a proxy
    ):
        pipeline.run().wait_until_finish()


def is_asked() -> bool:
    """Whether the environment names a Beam runner."""
    return bool(os.environ.get(VARIABLE))


def count_files(folder: Path, pattern: str) -> int:
    """Number of files in `folder` that match a glob pattern."""
    return sum(1 for _ in folder.glob(pattern))


def _pipeline(seconds: float) -> beam.Pipeline:
    _quieten()
    if given := os.environ.get(VARIABLE):
        try:
            return beam.Pipeline(options=PipelineOptions(shlex.split(given)))
        except ValueError as error:
            raise InkError(
                f"{VARIABLE}={given!r}: expected Beam pipeline options, found {error}; correct it"
            ) from error
    processes = worker_count()
    if processes == 1 or (seconds < PARALLEL_FROM and not asked_workers()):
        return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    options = PipelineOptions([f"--direct_num_workers={processes}"])
    return beam.Pipeline(runner=FnApiRunner(default_environment=workers.environment()), options=options)


def _quieten() -> None:
    """Hides Beam's warnings about optional cloud packages, its stage list and its errors about lost connections."""
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    logging.getLogger("apache_beam.runners.worker.data_plane").setLevel(logging.CRITICAL)


class _Progress:
    """A progress bar on stderr, updated by a thread."""

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
