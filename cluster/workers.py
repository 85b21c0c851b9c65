"""Beam's pool of Python workers for several task managers on one machine: `python -m cluster.workers PORT`.

Each task manager numbers its workers from 1, so in Beam's own pool (`worker_pool_main`, meant for one task manager a
machine) the first to stop its worker kills that of the other, and the job hangs. Here workers just end with the
connection to their task manager.
"""

from __future__ import annotations

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer


class Pool(BeamFnExternalWorkerPoolServicer):
    """Starts a process for each worker, stops none."""

    def StopWorker(self, stop_worker_request: Any, unused_context: Any) -> Any:
        """Leaves the worker to end by itself, see the module."""
        return beam_fn_api_pb2.StopWorkerResponse()


def main() -> None:
    """Serves until it is told to end."""
    server = grpc.server(ThreadPoolExecutor())
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(use_process=True), server)
    server.add_insecure_port(f"127.0.0.1:{int(sys.argv[1])}")  # Beam's own `start` would listen to the whole network
    server.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    server.stop(None)


if __name__ == "__main__":
    main()
