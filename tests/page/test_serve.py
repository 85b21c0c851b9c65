"""The server of the built page: its files, its headers and its clients."""

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from pipeline.errors import InkError
from pipeline.page.serve import server

POLICY = "default-src 'none'; script-src 'self'"
INDEX = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" /><title>ink</title>'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page/assets").mkdir(parents=True)
    (tmp_path / "page/index.html").write_text(INDEX, encoding="utf-8")
    (tmp_path / "page/manifest.webmanifest").write_text("{}", encoding="utf-8")
    for name in ("a.js", "a.wasm", "a.tflite", "a.css"):
        (tmp_path / "page/assets" / name).write_bytes(b"content")
    (tmp_path / "secret").write_text("beside the page", encoding="utf-8")
    return tmp_path / "page"


@pytest.fixture
def address(folder):
    with server(folder) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode(), answer.headers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/assets/a.js", "text/javascript"),
        ("/assets/a.wasm", "application/wasm"),
        ("/assets/a.tflite", "application/octet-stream"),
        ("/assets/a.css", "text/css"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ],
)
def test_files_have_their_type_and_our_headers(address, path, kind):
    _, headers = get(address + path)
    assert headers.get_content_type() == kind
    assert headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("hours", [0, 1])
def test_a_build_that_is_no_newer_is_given_all_the_same(address, folder, hours):
    """Like two builds within one second, or `dvc checkout` of an earlier build."""
    script = folder / "assets/a.js"
    times = script.stat()
    _, headers = get(f"{address}/assets/a.js")
    script.write_bytes(b"changed")
    os.utime(script, (times.st_atime, times.st_mtime - 3600 * hours))
    asked_again = urllib.request.Request(
        f"{address}/assets/a.js", headers={"If-Modified-Since": headers["Last-Modified"]}
    )
    assert get(asked_again)[0] == "changed"


@pytest.mark.parametrize("path", ["/nothing", "/assets/", "/../secret", "/%2e%2e/secret"])
def test_nothing_else_is_given(address, path):
    with pytest.raises(urllib.error.HTTPError, match="404") as error:
        get(address + path)
    error.value.close()


def test_only_this_machine_is_served(folder):
    with server(folder) as running:
        assert running.server_address[0] == "127.0.0.1"


def test_a_folder_without_a_page_says_what_to_run(tmp_path):
    with pytest.raises(InkError, match=r"index\.html: expected the built web app, .*dvc repro app"):
        server(tmp_path)


def test_a_page_without_a_policy_is_not_served(folder):
    (folder / "index.html").write_text("<title>ink</title>", encoding="utf-8")
    with pytest.raises(InkError, match="expected a Content-Security-Policy"):
        server(folder)


def test_a_port_that_is_taken_is_named(folder):
    with server(folder) as running, pytest.raises(InkError, match=rf"port {running.server_port}: .*--port"):
        server(folder, running.server_port)


def serve(*arguments):
    command = [sys.executable, "-m", "pipeline.page.serve", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("port", ["99999", "65536", "-1", "abc", "", "8000.0"])
def test_a_port_that_is_none(folder, port):
    done = serve(folder, "--port", port)
    assert done.returncode == 2
    assert f"argument --port: expected a port from 0 to 65535 (0 takes a free one), found {port!r}\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_an_error_without_a_traceback(folder):
    with server(folder) as running:
        done = serve(folder, "--port", running.server_port)
    assert done.returncode == 1
    assert done.stderr == (
        f"serve: port {running.server_port}: cannot be opened (Address already in use); choose another with --port\n"
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [("", "no such file"), ("missing", "no such file"), ("page/index.html", "no such file"), ("page", "a folder")],
)
def test_what_holds_no_page_is_an_error_without_a_traceback(folder, name, found):
    if found == "a folder":
        (folder / "index.html").unlink()
        (folder / "index.html").mkdir()
    done = serve(folder.parent / name)
    assert done.returncode == 1
    index = folder.parent / name / "index.html"
    assert done.stderr == f"serve: {index}: expected the built web app, found {found}; run `dvc repro app`\n"


def test_a_page_of_other_bytes_than_text(folder):
    (folder / "index.html").write_bytes(b"\xff\xfe<")
    with pytest.raises(InkError, match="expected a Content-Security-Policy, found none"):
        server(folder)
