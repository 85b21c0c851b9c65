"""After the first visit everything works without a network, and nothing is ever sent."""

import json
import os
import time
from pathlib import Path

import pytest

from benchmarks.browser import Pen, open_page, served, wait_for_candidate, wait_for_symbols, wait_until
from pipeline.edge.variants import VARIANTS
from pipeline.page.serve import HEADERS
from tests.app.handwriting import CHARACTERS
from tests.app.pictures import encode, photograph


@pytest.fixture
def visited(new_context, site):
    """A profile that has been on the page once, whose network is cut since."""
    context = new_context(service_workers="allow")
    page = open_page(context.new_page(), site.address)
    page.get_by_text("offline ready").wait_for()
    context.set_offline(True)
    return page


def test_every_variant_works_offline(visited, site):
    open_page(visited, site.address)
    Pen(visited.locator("#characters-sheet")).write(CHARACTERS["日"])
    for name in VARIANTS:
        visited.get_by_role("radio", name=name, exact=True).check()
        row = visited.get_by_role("row").filter(has=visited.get_by_role("radio", name=name, exact=True))
        row.locator(".reading", has_text="日").wait_for()


def test_formulas_work_offline(visited, site):
    open_page(visited, f"{site.address}#formulas")
    photo = {"name": "photo.png", "mimeType": "image/png", "buffer": encode(photograph(["x", "-"]))}
    visited.set_input_files("#photo-file", photo)
    wait_for_symbols(visited, ["x", "−"])
    assert not visited.get_by_role("alert").is_visible()


def test_a_server_that_is_gone_is_not_missed(new_context, site, browser):
    context = new_context(service_workers="allow")
    with served(site.folder) as address:
        page = open_page(context.new_page(), address)
        page.get_by_text("offline ready").wait_for()
    open_page(page, address)
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")


def test_reading_asks_for_nothing(new_context, site):
    """What a page asks for is of its own server (every test here watches that); once loaded, it asks for nothing."""
    context = new_context()
    page = open_page(context.new_page(), site.address)
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    page.keyboard.press("1")
    page.wait_for_timeout(500)
    assert asked == []


def test_the_page_may_not_talk_to_others(browser, site):
    """Its policy holds whatever a script tries. The address is nobody's (RFC 6761)."""
    with browser.new_context() as context:
        page = open_page(context.new_page(), site.address)
        for attempt in (
            "fetch('http://elsewhere.invalid/').then(() => true, () => false)",
            "new Promise((done) => { const image = new Image(); image.onload = () => done(true); "
            "image.onerror = () => done(false); image.src = 'http://elsewhere.invalid/a.png'; })",
        ):
            with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
                assert page.evaluate(attempt) is False


def replace(path: Path, old: str, new: str) -> None:
    """Changes a text in a file and keeps the file's times, as builds within a second of each other have them."""
    times = path.stat()
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("caching", ["no-cache", "max-age=86400"])
def test_a_new_build_takes_the_place_of_the_old(new_context, make_page, site, tmp_path, monkeypatch, caching):
    """Whatever the host lets a browser keep."""
    monkeypatch.setitem(HEADERS, "Cache-Control", caching)
    folder = make_page({**site.recognisers}, tmp_path)
    context = new_context(service_workers="allow")
    with served(folder) as address:
        page = open_page(context.new_page(), address)
        page.get_by_text("offline ready").wait_for()
        old = page.evaluate("caches.keys()")
        replace(folder / "models.json", site.recognisers["characters"].network, "A newer network")
        version = old[0].removeprefix("ink2edge-")
        replace(folder / "sw.js", version, "0" * len(version))
        # As the browser does some time after a visit. The new one waits until nobody uses the old one.
        page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update())")
        wait_until(page, "navigator.serviceWorker.ready.then(({waiting}) => waiting?.state === 'installed')")
        for _ in range(30):  # the browser takes its time to notice that a page is gone
            page.close()
            time.sleep(1)
            page = open_page(context.new_page(), address)
            if page.get_by_text("A newer network").count():
                break
        page.get_by_text("A newer network").wait_for()
        assert page.evaluate("caches.keys()") == ["ink2edge-0000000000000000"]


def test_the_page_can_be_installed(new_context, site):
    """Chromium's own verdict on the manifest, its icons and the service worker."""
    context = new_context(service_workers="allow")
    page = open_page(context.new_page(), site.address)
    page.get_by_text("offline ready").wait_for()
    session = context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A profile without a trace on disk cannot install anything; that is not the page's fault.
    assert [problem for problem in problems if problem["errorId"] != "in-incognito"] == []
    for icon in json.loads(manifest["data"])["icons"]:
        assert (site.folder / icon["src"]).is_file()
