"""The web app, built with small recognisers, in a real Chromium.

One built page serves the whole test run, even if several processes share the tests; each process has one browser.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.browser import CHROMIUM, chromium, open_page, served
from pipeline.edge.signatures import Kind
from pipeline.files import atomic_directory
from pipeline.page import build, catalogue, icons
from pipeline.page.catalogue import Recogniser
from tests.app.node import Ports

APP = Path(__file__).parents[2] / "app"


class Site(NamedTuple):
    """A built page and where it is served.

    Attributes:
        recognisers: the recognisers that it ships, by kind.
        folder: the folder of its files.
        address: ends with a slash.
    """

    recognisers: dict[Kind, Recogniser]
    folder: Path
    address: str


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Makes a folder once for all processes of the test run: the first process fills it, the others wait."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / name).exists():
                with atomic_directory(folder / name) as partial:
                    fill(partial)
        return folder / name

    return make


@pytest.fixture(scope="session")
def sources(shared) -> Path:
    """The sources of the app with their packages installed."""
    shared("packages", lambda _: build.install(APP))
    return APP


@pytest.fixture(scope="session")
def ports() -> Iterator[Ports]:
    """The page's own functions, under Node."""
    with Ports() as ports:
        yield ports


@pytest.fixture(scope="session")
def make_page(sources) -> Callable[[dict[Kind, list[Recogniser]], Path], Path]:
    """Builds a page with recognisers into a folder."""

    def make(recognisers: dict[Kind, list[Recogniser]], folder: Path) -> Path:
        shipped = folder / "shipped"
        catalogue.write(shipped, recognisers)
        icons.write(shipped / "icons")
        build.build(sources, shipped, folder / "page")
        return folder / "page"

    return make


@pytest.fixture(scope="session")
def recognisers(shared) -> dict[Kind, Recogniser]:
    """The small recognisers."""

    def export(folder: Path) -> None:
        from tests.app import small  # imports TensorFlow, which the other processes do not need

        made: dict[Kind, Recogniser] = {"characters": small.characters(), "formulas": small.formulas()}
        (folder / "recognisers.pickle").write_bytes(pickle.dumps(made))

    return pickle.loads((shared("recognisers", export) / "recognisers.pickle").read_bytes())


@pytest.fixture(scope="session")
def site(shared, make_page, recognisers) -> Iterator[Site]:
    """The page with the small recognisers."""
    listed = {kind: [one] for kind, one in recognisers.items()}
    folder = shared("site", lambda folder: make_page(listed, folder)) / "page"
    with served(folder) as address:
        yield Site(recognisers, folder, address)


# Playwright keeps an event loop running, which conflicts with the event loops of other tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs a browser: install Chromium, or name it in INK2EDGE_CHROMIUM")
    with chromium() as browser:
        yield browser


@pytest.fixture
def new_context(browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes fresh profiles; fails the test if a page asks another server than its own, or has an uncaught error."""
    with contextlib.ExitStack() as stack:
        asked: list[str] = []
        errors: list[str] = []

        def make(**options) -> BrowserContext:
            context = browser.new_context(**{"service_workers": "block"} | options)
            stack.callback(context.close)
            context.on("request", lambda request: asked.append(request.url))
            context.on("weberror", lambda error: errors.append(str(error.error)))
            return context

        yield make
        assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "blob:", "data:"))] == []
        assert errors == []


@pytest.fixture
def page(new_context, site) -> Page:
    """The page of characters in a window of a desktop."""
    return open_page(new_context().new_page(), site.address)


@pytest.fixture
def formulas(new_context, site) -> Page:
    """The page of formulas in a window of a desktop."""
    return open_page(new_context().new_page(), f"{site.address}#formulas")
