"""Worker processes of a Beam job on this machine: a worker that dies fails the job, and no worker outlives the job.

    pipeline = beam.Pipeline(runner=FnApiRunner(default_environment=environment()), options=...)
    with losses_reported():
        pipeline.run()

If a worker is killed, Beam's own handler waits forever for its answers. `LocalWorker` replaces that handler for every
job that Beam's FnApiRunner spreads over processes.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import grpc
from apache_beam.portability import python_urns
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import SubprocessSDKEnvironment
from google.protobuf import json_format, text_format

from pipeline.processes import lost

_REPEAT_SECONDS = 0.5
_PROXIES = ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy")  # and the same in capitals
_READERS = ("beam_control_read", "read_grpc_client_inputs")  # Beam's threads that read from a worker's connections

_started: list[LocalWorker] = []
_losses: list[int] = []  # exit statuses of lost workers, as `subprocess` reports them


def environment() -> SubprocessSDKEnvironment:
    """The environment in which Beam runs steps: processes of `pipeline.jobs.worker`."""
    return SubprocessSDKEnvironment.from_command_string(f"{shlex.quote(sys.executable)} -m pipeline.jobs.worker")


@contextlib.contextmanager
def without_proxies() -> Iterator[None]:
    """Context in which this process and its child processes connect directly.

    Without it, gRPC sends even connections to this machine through a proxy, unless `no_proxy` names the machine.
    """
    hidden = {name: value for name, value in os.environ.items() if name.lower() in _PROXIES}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextlib.contextmanager
def losses_reported() -> Iterator[None]:
    """Context that raises an `InkError` if a worker dies, and hides what Beam's threads print about its connections."""
    _started.clear()
    _losses.clear()
    hook = threading.excepthook

    def report(failure: threading.ExceptHookArgs) -> None:
        if failure.thread is None or failure.thread.name not in _READERS:
            hook(failure)

    threading.excepthook = report
    try:
        yield
    except Exception as error:
        if _losses:
            raise lost(_losses[0]) from error
        raise
    finally:
        threading.excepthook = hook


@WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)
class LocalWorker(GrpcWorkerHandler):
    """One process, started by the command line of its environment.

    Its standard input is a pipe that stays empty. The pipe closes when this process ends, for whatever reason.
    """

    def __init__(self, command: bytes, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._command = shlex.split(command.decode())
        self._stopped = threading.Event()

    def start_worker(self) -> None:
        """Starts the process and its watcher; called by Beam."""
        control, logs = self.control_api_service_descriptor(), self.logging_api_service_descriptor()
        variables = {
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(logs),
            "PIPELINE_OPTIONS": json_format.MessageToJson(self.provision_info.provision_info.pipeline_options),
            "WORKER_ID": self.worker_id,
        }
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=os.environ | variables)
        _started.append(self)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Reports the end of the work to the process and waits until it exits; called by Beam."""
        try:
            super().close()
        except grpc.RpcError:  # the process is gone already
            self.stop_worker()

    def stop_worker(self) -> None:
        """Waits until the process exits; called by Beam."""
        self._process.wait()
        self._stopped.set()
        self._watcher.join()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _watch(self) -> None:
        status = self._process.wait()
        if status:
            _losses.append(status)
        # Repeats, because Beam may still send requests or start workers, and would wait for those as well.
        while not self._stopped.wait(_REPEAT_SECONDS):
            for worker in _started:  # the job has failed: nobody needs the results of the other workers
                worker._process.kill()
            with contextlib.suppress(RuntimeError, grpc.RpcError):  # new requests during the loop; a closed connection
                self.control_conn.abort(lost(status))
                self.data_conn.close()
