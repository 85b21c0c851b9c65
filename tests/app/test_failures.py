"""What the page reports if one of its files is missing or damaged, and that it recovers once the file is repaired."""

import hashlib
import json
import re

import pytest

from benchmarks.browser import Pen, enter, open_page, wait_for_candidate
from tests.app.handwriting import CHARACTERS


@pytest.fixture
def broken(new_context, site):
    """Opens the page with other answers for some of its files."""

    def open_broken(pattern, **answer):
        page = new_context().new_page()
        page.route(re.compile(pattern), lambda route: route.fulfill(**answer))
        page.goto(site.address)
        return page

    return open_broken


def alert(page):
    page.get_by_role("alert").wait_for()
    return page.locator("#alert-text").inner_text()


def test_a_missing_model(broken):
    page = broken("characters-dynamic", status=404)
    assert re.fullmatch(
        r"models/trained-characters-dynamic-\w+\.tflite: expected the model, found HTTP status 404\. "
        r"Build the page again with `make app`\.",
        alert(page),
    )
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["一"])
    page.locator("#candidates[aria-busy=false]").wait_for()
    page.keyboard.press("Escape")
    # The other variants still read.
    page.get_by_role("radio", name="int8", exact=True).check()
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")
    assert not page.get_by_role("alert").is_visible()


def test_a_model_that_comes_back(broken):
    page = broken("characters-dynamic", status=503)
    assert "503" in alert(page)
    page.unroute_all()
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    assert not page.get_by_role("alert").is_visible()


@pytest.mark.parametrize("damage", ["cut short", "one byte", "no model at all"])
def test_a_damaged_model(broken, site, damage):
    (file,) = (site.folder / "models").glob("trained-characters-dynamic-*")
    data = file.read_bytes()
    changed = {
        "cut short": data[: len(data) // 2],
        "one byte": data[:100] + bytes([data[100] ^ 1]) + data[101:],
        "no model at all": b"<!doctype html>",
    }
    page = broken("characters-dynamic", body=changed[damage])
    assert "expected the model of models.json, found a damaged or different file" in alert(page)


def test_a_file_that_is_no_model(new_context, site):
    """Complete, and listed with its size and hash."""
    wrong = b"no flatbuffer".ljust(5000, b".")
    listed = json.loads((site.folder / "models.json").read_text(encoding="utf-8"))
    for variant in listed["characters"][0]["variants"]:
        variant |= {"bytes": len(wrong), "sha256": hashlib.sha256(wrong).hexdigest()}
    page = new_context().new_page()
    page.route("**/models.json", lambda route: route.fulfill(json=listed))
    page.route("**/models/trained-characters-*", lambda route: route.fulfill(body=wrong))
    page.goto(site.address)
    assert "expected a model that LiteRT.js runs, found another" in alert(page)


def with_sizes(site, kind, **sizes):
    """`models.json` with other sizes in the normalisation of a recogniser."""
    listed = json.loads((site.folder / "models.json").read_text(encoding="utf-8"))
    listed[kind][0]["normalisation"] |= sizes
    return json.dumps(listed)


@pytest.mark.parametrize(
    ("sizes", "found"), [({"margin": 3}, "margin 3, side 56"), ({"side": 64}, "margin 4, side 64")], ids=str
)
def test_characters_of_another_normalisation(broken, site, sizes, found):
    message = alert(broken("models.json", body=with_sizes(site, "characters", **sizes)))
    assert re.fullmatch(
        r"models/trained-characters-dynamic-\w+\.tflite: expected a model for pictures with margin 4, side 56, as this "
        rf"page makes them, found {found} in its metadata\. Build model and page from one version with `make app`\.",
        message,
    )


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ({"margin": 8}, "expected a model for pictures with margin 4, as this page makes them, found margin 8"),
        ({"height": 32}, "expected an input of 1 x 32 x 128 x 1, as its metadata say, found 1 x 64 x 128 x 1"),
    ],
    ids=str,
)
def test_formulas_of_another_normalisation(broken, site, sizes, reason):
    page = broken("models.json", body=with_sizes(site, "formulas", **sizes))
    page.wait_for_selector("html[data-ready]")
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")  # the other recogniser works
    enter(page, "Formulas")
    assert reason in alert(page)


@pytest.mark.parametrize(
    ("answer", "found"), [({"status": 404}, "HTTP status 404"), ({"body": "<!doctype html>"}, "expected JSON")]
)
def test_a_missing_list_of_models(broken, answer, found):
    message = alert(broken("models.json", **answer))
    assert message.startswith("models.json: expected")
    assert found in message
    assert message.endswith("Build the page again with `make app`.")


@pytest.mark.parametrize("file", [r"litert_wasm\w*\.wasm", r"litert_wasm\w*\.js"])
def test_a_missing_runtime(broken, file):
    assert alert(broken(file, status=404)).startswith("The runtime (LiteRT.js in wasm/) could not be started")


def test_a_missing_worker(broken):
    assert alert(broken(r"assets/worker-.*\.js", status=404)).startswith("The recogniser stopped")


def test_an_alert_can_be_dismissed(broken):
    page = broken("characters-dynamic", status=404)
    alert(page)
    page.get_by_role("button", name="Dismiss").click()
    assert not page.get_by_role("alert").is_visible()


def test_without_storage_the_page_works(new_context, site):
    page = new_context().new_page()
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied'); }})")
    open_page(page, site.address)
    page.get_by_role("radio", name="float16", exact=True).check()
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")
