"""A pool of Python workers for several task managers on one machine.

    python -m cluster.workers PORT

Beam's pool (`worker_pool_main`) supports one task manager per machine. Each task manager numbers its workers from 1, so
one that stops its worker would kill another's, and the job would wait forever. Here, a worker exits when the connection
to its task manager closes. A job would also wait forever for a worker that dies before it connects: this pool starts
another one, and reports an error after the third attempt. Flink detects later deaths.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipeline.command import command_parser

WORKER = [sys.executable, "-m", "cluster.worker"]
ATTEMPTS = 3  # to start one worker


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts one process per worker and stops none."""

    def StartWorker(self, start_worker_request: Any, unused_context: Any) -> Any:
        """Starts a worker and waits until it is connected; the response contains an error if none connects."""
        address = start_worker_request.control_endpoint.url
        for _ in range(ATTEMPTS):
            process = subprocess.Popen([*WORKER, address, start_worker_request.worker_id], stdout=subprocess.PIPE)
            assert process.stdout is not None
            with process.stdout as output:
                if output.readline():
                    threading.Thread(target=process.wait, daemon=True).start()  # reaps the process when it exits
                    return beam_fn_api_pb2.StartWorkerResponse()
            status = process.wait()
        error = f"expected a worker that connects to {address}, found {ATTEMPTS} that ended first, the last with "
        error += f"status {status}; see the pool's log"
        return beam_fn_api_pb2.StartWorkerResponse(error=error)

    def StopWorker(self, stop_worker_request: Any, unused_context: Any) -> Any:
        """Does nothing: a worker exits with its connection, see the module docstring."""
        return beam_fn_api_pb2.StopWorkerResponse()


def main() -> None:
    """Serves until SIGTERM."""
    parser = command_parser("cluster.workers", __doc__)
    parser.add_argument("port", type=int, metavar="PORT", help="port on 127.0.0.1 where task managers ask for workers")
    port = parser.parse_args().port
    server = grpc.server(ThreadPoolExecutor())
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")  # the `start` of Beam's pool listens on every interface
    server.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    server.stop(None)


if __name__ == "__main__":
    main()
