"""The web app, built with small recognisers, in a real Chromium."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.browser import CHROMIUM, chromium, open_page, served
from pipeline.page import build, catalogue, icons
from pipeline.page.catalogue import Recogniser
from tests.app import small
from tests.app.node import Ports

APP = Path(__file__).parents[2] / "app"


class Site(NamedTuple):
    """A built page and where it is served.

    Attributes:
        recognisers: that it ships, as `models.json` names them.
        folder: of its files.
        address: with the slash at the end.
    """

    recognisers: dict[str, Recogniser]
    folder: Path
    address: str


@pytest.fixture(scope="session")
def sources() -> Path:
    """The sources of the app with their packages installed."""
    build.install(APP)
    return APP


@pytest.fixture(scope="session")
def ports() -> Iterator[Ports]:
    """The page's own functions, under Node."""
    with Ports() as ports:
        yield ports


@pytest.fixture(scope="session")
def make_page(sources) -> Callable[[dict[str, Recogniser], Path], Path]:
    """Builds a page with recognisers into a folder."""

    def make(recognisers: dict[str, Recogniser], folder: Path) -> Path:
        shipped = folder / "shipped"
        catalogue.write(shipped, recognisers)
        icons.write(shipped / "icons")
        build.build(sources, shipped, folder / "page")
        return folder / "page"

    return make


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs a browser: install Chromium, or name it in INK2EDGE_CHROMIUM")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def site(browser, make_page, tmp_path_factory) -> Iterator[Site]:
    """The page with the small recognisers."""
    folder = tmp_path_factory.mktemp("site")
    recognisers = {"characters": small.characters(), "formulas": small.formulas()}
    page = make_page(recognisers, folder)
    with served(page) as address:
        yield Site(recognisers, page, address)


@pytest.fixture
def new_context(browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes fresh profiles that ask nobody but the page's own server, and whose pages meet no error of their own."""
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
