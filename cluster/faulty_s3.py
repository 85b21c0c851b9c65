"""A proxy in front of the store that counts requests and, on command, refuses them or cuts their connections.

    python -m cluster.faulty_s3

`fail("503", seconds=10)` answers 503 SlowDown; `fail("cut", seconds=10)` closes connections, every other one after the
request reached the store; `counts()` is {"GET": 3, "failed GET": 1, ...} since the last `reset`.
"""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cluster.store import ENDPOINT, FAULTY_PORT, HOST, PORT
from pipeline.command import command_parser, run_command

CONTROL = "/_faults/"
SLOW_DOWN = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>made up</Message></Error>'
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "date", "server"}


def fail(kind: str, seconds: float) -> None:
    """Makes the proxy fail from now on, for some seconds."""
    _ask("POST", f"{kind}/{seconds}")


def reset() -> None:
    """Ends all failures and sets the counts to zero."""
    _ask("DELETE", "")


def counts() -> dict[str, int]:
    """Number of requests by method; those that failed count twice, also as `failed METHOD`."""
    return json.loads(_ask("GET", ""))


def _ask(method: str, path: str) -> bytes:
    request = urllib.request.Request(f"{ENDPOINT}{CONTROL}{path}", method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return answer.read()


class _State:
    def __init__(self) -> None:
        self.kind, self.until = "", 0.0  # the failure, and its end by the monotonic clock
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()


_STATE = _State()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(CONTROL):
            return self._answer(200, {}, self._control())
        with _STATE.lock:
            kind = _STATE.kind if time.monotonic() < _STATE.until else ""
            _STATE.counts[self.command] += 1
            if kind:
                _STATE.counts[f"failed {self.command}"] += 1
            late = _STATE.counts[f"failed {self.command}"] % 2 == 0
        if kind == "503":
            return self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
        if kind == "cut" and not late:
            return self._cut()
        status, headers, answer = self._forward(body)
        return self._cut() if kind == "cut" else self._answer(status, headers, answer)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve

    def _control(self) -> bytes:
        with _STATE.lock:
            if self.command == "DELETE":
                _STATE.until = 0
                _STATE.counts.clear()
            elif self.command == "POST":
                kind, seconds = self.path.removeprefix(CONTROL).split("/")
                _STATE.kind, _STATE.until = kind, time.monotonic() + float(seconds)
            return json.dumps(_STATE.counts).encode()

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        store = http.client.HTTPConnection(HOST, PORT, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            store.request(self.command, self.path, body, headers)
            answer = store.getresponse()
            length = {"Content-Length": answer.headers["Content-Length"]} if self.command == "HEAD" else {}
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            return answer.status, kept | length, answer.read()
        finally:
            store.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections that wait to be accepted
    daemon_threads = True


def main() -> None:
    """Serves until SIGTERM."""
    command_parser("cluster.faulty_s3", __doc__).parse_args()
    server = _Server((HOST, FAULTY_PORT), _Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    run_command(main, "faulty-store")
