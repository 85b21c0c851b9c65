"""After the first visit everything works without a network, and nothing is ever sent."""

import json

import pytest

from benchmarks.browser import Pen, open_page, served, wait_for_candidate, wait_for_symbols
from pipeline.edge.variants import VARIANTS
from tests.app.handwriting import CHARACTERS
from tests.app.pictures import encode, photograph


@pytest.fixture
def visited(new_context, site):
    """The page in a profile that has loaded it once, and is offline now."""
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


def test_the_page_works_when_its_server_is_gone(new_context, site):
    context = new_context(service_workers="allow")
    with served(site.folder) as address:
        page = open_page(context.new_page(), address)
        page.get_by_text("offline ready").wait_for()
    open_page(page, address)
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")


def test_reading_asks_for_nothing(new_context, site):
    """A page asks its own server only (every test here checks that); once loaded, it asks for nothing."""
    context = new_context()
    page = open_page(context.new_page(), site.address)
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")
    page.keyboard.press("1")
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["一"])
    wait_for_candidate(page, "一")
    assert asked == []


def test_the_page_may_not_talk_to_others(browser, site):
    """The content security policy applies to every script. The address does not exist (RFC 6761)."""
    with browser.new_context() as context:
        page = open_page(context.new_page(), site.address)
        for attempt in (
            "fetch('http://elsewhere.invalid/').then(() => true, () => false)",
            "new Promise((done) => { const image = new Image(); image.onload = () => done(true); "
            "image.onerror = () => done(false); image.src = 'http://elsewhere.invalid/a.png'; })",
        ):
            with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
                assert page.evaluate(attempt) is False


def test_the_page_can_be_installed(new_context, site):
    """Chromium's own verdict on the manifest, its icons and the service worker."""
    context = new_context(service_workers="allow")
    page = open_page(context.new_page(), site.address)
    page.get_by_text("offline ready").wait_for()
    session = context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A private profile cannot install anything; that is not an error of the page.
    assert [problem for problem in problems if problem["errorId"] != "in-incognito"] == []
    for icon in json.loads(manifest["data"])["icons"]:
        assert (site.folder / icon["src"]).is_file()
