"""Serves the built web app to this machine only.

    python -m pipeline.page.serve app/dist --port 8000

The server sends the content security policy of the page and makes browsers check for new files after each build. Any
other static host works too.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import re
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pipeline.command import command_parser, run_command
from pipeline.errors import InkError
from pipeline.files import read_plain

HOST = "127.0.0.1"
LAST_PORT = 65_535
HEADERS = {
    "Cache-Control": "no-cache",  # browsers check each file every time
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_POLICY = re.compile(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"')


class Handler(SimpleHTTPRequestHandler):
    """Serves the files of a folder with `HEADERS`."""

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
        """Adds `HEADERS` and the policy."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", f"{self._policy}; frame-ancestors 'none'")
        super().end_headers()

    def send_head(self):
        """Sends complete files, even to a browser that has an earlier version.

        HTTP times have a resolution of one second, and a build that `dvc checkout` restores is older than the last one.
        """
        del self.headers["If-Modified-Since"]
        return super().send_head()

    def list_directory(self, path):
        """Sends a 404 error instead of a folder's contents."""
        self.send_error(404)

    def log_message(self, format, *arguments) -> None:
        """Logs nothing, because a page loads dozens of files."""


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server for a built page on the loopback interface; `serve_forever` runs it. Port 0 chooses a free port.

    Raises:
        InkError: `folder` contains no built page, or the port cannot be opened.
    """
    index = folder / "index.html"
    try:
        page = read_plain(index).decode(errors="replace")
    except OSError as error:
        raise InkError(f"{index}: expected the built web app, found {error.strerror}; run `dvc repro app`") from error
    policy = _POLICY.search(page)
    if policy is None:
        raise InkError(f"{index}: expected a Content-Security-Policy, found none; run `dvc repro --force app`")
    handler = functools.partial(Handler, directory=str(folder), policy=policy[1])
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise InkError(f"port {port}: cannot be opened ({error.strerror}); choose another with --port") from error


def _port(text: str) -> int:
    """Parses a port number from the command line."""
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to {LAST_PORT} (0 takes a free one), found {text!r}")
    return int(text)


def main() -> None:
    """Serves the page until interrupted."""
    parser = command_parser("pipeline.page.serve", __doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the built web app, app/dist after `dvc repro app`")
    parser.add_argument(
        "--port", type=_port, default=8000, help="port on 127.0.0.1; 0 takes a free port (default: %(default)s)"
    )
    arguments = parser.parse_args()
    with server(arguments.folder, arguments.port) as running, contextlib.suppress(KeyboardInterrupt):
        print(f"http://{HOST}:{running.server_port}/ (end with Ctrl-C)", flush=True)
        running.serve_forever()


if __name__ == "__main__":
    run_command(main, "serve")
