"""A page with a released recogniser and one that was trained here, and a recogniser that is not sure."""

import json

import pytest

from benchmarks.browser import open_page, served
from pipeline.edge import metadata
from pipeline.page.catalogue import Recogniser, Variant
from tests.app.handwriting import CHARACTERS
from tests.app.small import CLASSES
from tests.app.test_characters import Pen, sheet

CALIBRATION = {"temperature": 1.0, "threshold": 1.0}  # more than any reading reaches


@pytest.fixture(scope="module")
def folder(make_page, recognisers, tmp_path_factory):
    """A page of characters only: a released recogniser that is never sure, then the small one."""
    trained = recognisers["characters"]
    (variant,) = (one for one in trained.variants if one.name == "dynamic")
    described = metadata.read(variant.data)
    sizes = described.normalisation
    data = metadata.describe(variant.data, CLASSES, sizes, "A released network", CALIBRATION)
    doubtful = Variant("dynamic", data, {**variant.metrics, "bytes": len(data)})
    released = Recogniser("released", [doubtful], "dynamic", trained.figures)
    return make_page({"characters": [released, trained], "formulas": []}, tmp_path_factory.mktemp("origins"))


@pytest.fixture
def page(new_context, folder):
    with served(folder) as address:
        yield open_page(new_context().new_page(), address)


def write(page, char):
    Pen(sheet(page)).write(CHARACTERS[char])


def test_the_released_recogniser_reads_first_and_the_table_says_which_is_which(page):
    assert page.locator("#characters-summary").inner_text().startswith("released · dynamic · ")
    titles = page.locator("#characters-models .network").all_inner_texts()
    assert titles[0] == f"Released: A released network, {len(CLASSES)} classes"
    assert titles[1].startswith("Trained here: ")


def test_it_says_that_it_is_not_sure_and_how_many_characters_it_knows(page):
    write(page, "日")
    doubt = page.locator("#doubt", has_text="Not sure")
    doubt.wait_for()
    assert doubt.inner_text() == f"Not sure: I know {len(CLASSES)} characters, and none fits well."
    assert page.locator("#candidates[data-unsure]").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('#doubt').textContent")


def test_the_user_switches_to_the_recogniser_trained_here(page):
    write(page, "日")
    page.locator("#doubt", has_text="Not sure").wait_for()
    page.locator("#characters-variant-trained-dynamic").check()
    page.wait_for_function("() => !document.querySelector('#doubt').textContent")
    assert page.locator("#characters-summary").inner_text().startswith("dynamic · ")
    page.reload()
    page.wait_for_function("() => document.documentElement.dataset.ready !== undefined")
    assert page.locator("#characters-variant-trained-dynamic").is_checked()


def test_a_kind_without_a_recogniser_has_no_room(page):
    assert page.get_by_role("link", name="Characters").is_visible()
    assert not page.get_by_role("link", name="Formulas").is_visible()
    page.evaluate("location.hash = '#formulas'")
    assert page.locator("#characters-room").is_visible()


def test_the_list_has_the_threshold_of_each(folder):
    listed = json.loads((folder / "models.json").read_text(encoding="utf-8"))["characters"]
    assert [(one["origin"], one["threshold"]) for one in listed] == [("released", 1.0), ("trained", None)]
