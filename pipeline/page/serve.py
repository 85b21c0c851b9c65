"""Serves the built web app on this machine alone.

    python -m pipeline.page.serve app/dist --port 8000

Adds what a good host adds: a content security policy (the one of the page itself), and files that are asked for again
after each build. Any static host does as well.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import re
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pipeline.command import run_command
from pipeline.errors import InkError

HOST = "127.0.0.1"
HEADERS = {
    "Cache-Control": "no-cache",  # asks each time
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_POLICY = re.compile(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"')


class Handler(SimpleHTTPRequestHandler):
    """Files of a folder, with `HEADERS`."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".tflite": "application/octet-stream",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def __init__(self, *arguments, policy: str, **options):
        self._policy = policy
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        """Ends them with ours."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", f"{self._policy}; frame-ancestors 'none'")
        super().end_headers()

    def send_head(self):
        """Sends files whole even to who has them of an earlier time.

        HTTP counts times in seconds, and the files of a build that `dvc checkout` brings back are older than the last.
        """
        del self.headers["If-Modified-Since"]
        return super().send_head()

    def list_directory(self, path):
        """Folders are not shown."""
        self.send_error(404)

    def log_message(self, format, *arguments) -> None:
        """Says nothing: a page has dozens of files."""


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of a built page on loopback, to be run by `serve_forever`; port 0 takes any that is free.

    Raises:
        InkError: no built page in `folder`, or the port is taken.
    """
    index = folder / "index.html"
    if not index.is_file():
        raise InkError(f"{index}: expected the built web app, found no such file; run `dvc repro app`")
    policy = _POLICY.search(index.read_text(encoding="utf-8"))
    if policy is None:
        raise InkError(f"{index}: expected a Content-Security-Policy, found none; run `dvc repro --force app`")
    handler = functools.partial(Handler, directory=str(folder), policy=policy[1])
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise InkError(f"port {port}: cannot be opened ({error.strerror}); choose another with --port") from error


def main() -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    with server(arguments.folder, arguments.port) as running, contextlib.suppress(KeyboardInterrupt):
        print(f"http://{HOST}:{running.server_port}/ (end with Ctrl-C)", flush=True)
        running.serve_forever()


if __name__ == "__main__":
    run_command(main, "serve")
