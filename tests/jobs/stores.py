"""An S3 server in this process, for tests of object stores."""

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler

BUCKET = "ink"


class Requests:
    """Counts the requests to the server by method."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        handle = WSGIRequestHandler.run_wsgi

        def counted(handler):
            self.counts[handler.command] += 1
            handle(handler)

        monkeypatch.setattr(WSGIRequestHandler, "run_wsgi", counted)


@pytest.fixture
def s3(monkeypatch) -> Iterator:
    """A client of an S3 server with one bucket; the environment names the server and made-up credentials."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    for name, value in {
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)  # all servers of a process share their buckets
    server.stop()


@contextlib.contextmanager
def permissions_required() -> Iterator[None]:
    """Makes the server refuse the made-up credentials within the block."""
    address = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
    requests.post(address, data=b"0", timeout=10)  # the number of requests that need no permission
    try:
        yield
    finally:
        requests.post(address, data=b"inf", timeout=10)


SKEWED = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>RequestTimeTooSkewed</Code>\
<Message>The difference between the request time and the current time is too large.</Message>\
<RequestTime>{}</RequestTime><ServerTime>{}</ServerTime>\
<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>\
<RequestId>2J8ZFVZVVRA4T7CF</RequestId><HostId>made up</HostId></Error>"""
"""What S3 answers to a request whose time is wrong, except HEAD."""


@contextlib.contextmanager
def refusing_server(ahead: float) -> Iterator[list[str]]:
    """Names in the environment an S3 server that refuses every request as S3 does if the client's clock is wrong.

    moto does not compare times.

    Args:
        ahead: seconds by which the server's clock is ahead of this machine's.

    Yields:
        The methods of the requests so far.
    """
    methods: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            """Answers any method: the parent would look for a function per method."""
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            methods.append(self.command)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            now = time.time() + ahead
            there = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
            body = SKEWED.format(self.headers["X-Amz-Date"], there).encode()
            self.send_response_only(403)
            self.send_header("Date", formatdate(now, usegmt=True))
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*server.server_address))
            yield methods
    finally:
        server.shutdown()
        server.server_close()


def put_folder(client, folder, prefix: str) -> str:
    """Copies the files of a folder to the bucket; returns its address there."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            client.put_object(Bucket=BUCKET, Key=f"{prefix}/{path.relative_to(folder)}", Body=path.read_bytes())
    return f"s3://{BUCKET}/{prefix}"


def keys(client) -> list[str]:
    """The names of all objects."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]
