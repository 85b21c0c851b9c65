"""The page of characters: writing, reading, choosing, taking back."""

import re

import pytest

from benchmarks.browser import Pen, candidates, enter, ink, open_page, wait_for_candidate
from pipeline.edge.variants import VARIANTS
from tests.app.handwriting import CHARACTERS

SHEET = "#characters-sheet"
PORTRAIT = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True, "has_touch": True}


def sheet(page):
    return page.locator(SHEET)


@pytest.mark.parametrize("char", CHARACTERS)
def test_a_character_is_read_stroke_by_stroke(page, char):
    pen = Pen(sheet(page))
    for stroke in CHARACTERS[char]:
        pen.write([stroke])
        candidates(page)
    wait_for_candidate(page, char)
    assert len(candidates(page)) == len(CHARACTERS)  # all of them, since the page shows ten
    assert re.fullmatch(r"\d+ %", page.locator(".candidate .share").first.inner_text())


def test_the_candidates_are_busy_until_a_stroke_is_read(page):
    """Screen readers wait until a region is not busy. So do tests: candidates may stay the same after a stroke."""
    page.evaluate(
        """() => {
            const list = document.querySelector("#candidates");
            window.told = [];
            new MutationObserver(() => {
                window.told.push([list.ariaBusy, list.querySelector(".char").textContent]);
            }).observe(list, {attributeFilter: ["aria-busy"]});
        }"""
    )
    Pen(sheet(page)).write(CHARACTERS["一"])
    wait_for_candidate(page, "一")
    assert page.evaluate("window.told") == [["true", ""], ["false", "一"]]


@pytest.mark.parametrize("area", [(0.05, 0.05, 0.9), (0.5, 0.1, 0.45), (0.1, 0.55, 0.4)])
def test_size_and_place_do_not_matter(page, area):
    Pen(sheet(page), area).write(CHARACTERS["日"])
    wait_for_candidate(page, "日")


def test_strokes_are_undone_and_redone(page):
    pen = Pen(sheet(page))
    amounts = [ink(sheet(page))]
    for stroke in CHARACTERS["木"]:
        pen.write([stroke])
        amounts.append(ink(sheet(page)))
    assert amounts == sorted(set(amounts))
    wait_for_candidate(page, "木")
    for amount in amounts[-2::-1]:
        page.get_by_role("button", name="Undo").click()
        assert ink(sheet(page)) == amount
    assert page.locator(".candidate:enabled").count() == 0
    for amount in amounts[1:]:
        page.get_by_role("button", name="Redo").click()
        assert ink(sheet(page)) == amount
    wait_for_candidate(page, "木")


def test_two_strokes_of_a_tree_are_a_ten(page):
    Pen(sheet(page)).write(CHARACTERS["木"])
    wait_for_candidate(page, "木")
    for _ in range(2):
        page.keyboard.press("Control+z")
    wait_for_candidate(page, "十")
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")
    wait_for_candidate(page, "木")


def test_clearing_the_sheet_can_be_undone(page):
    Pen(sheet(page)).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    amount = ink(sheet(page))
    page.get_by_role("button", name="Clear").click()
    assert ink(sheet(page)) == 0
    page.wait_for_selector(".candidate:enabled", state="detached")
    page.keyboard.press("Backspace")
    assert ink(sheet(page)) == amount
    wait_for_candidate(page, "口")
    page.keyboard.press("Escape")
    assert ink(sheet(page)) == 0


def test_buttons_that_do_nothing_say_so(page):
    def off(name):
        return page.get_by_role("button", name=name).get_attribute("aria-disabled") == "true"

    assert off("Undo")
    assert off("Redo")
    assert off("Clear")
    Pen(sheet(page)).write(CHARACTERS["一"])
    assert not off("Undo")
    assert off("Redo")
    assert not off("Clear")
    page.keyboard.press("Control+z")
    assert off("Undo")
    assert not off("Redo")
    assert off("Clear")


def test_chosen_characters_make_a_text(page):
    text = page.get_by_label("Text")
    for char, choose in (("十", lambda: page.keyboard.press("1")), ("日", page.locator(".candidate").first.click)):
        Pen(sheet(page)).write(CHARACTERS[char])
        wait_for_candidate(page, char)
        choose()
        assert ink(sheet(page)) == 0
    assert text.input_value() == "十日"
    Pen(sheet(page)).write(CHARACTERS["人"])
    wait_for_candidate(page, "人")
    second = candidates(page)[1]
    page.keyboard.press("2")
    assert text.input_value() == f"十日{second}"
    page.get_by_role("button", name="Erase a character").click()
    assert text.input_value() == "十日"


def test_a_candidate_goes_where_the_cursor_is(page):
    text = page.get_by_label("Text")
    text.fill("ab")
    text.evaluate("text => text.setSelectionRange(1, 1)")
    Pen(sheet(page)).write(CHARACTERS["三"])
    wait_for_candidate(page, "三")
    page.keyboard.press("1")
    assert text.input_value() == "a三b"


def test_keys_belong_to_the_text_while_it_is_typed(page):
    Pen(sheet(page)).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")
    page.get_by_label("Text").focus()
    page.keyboard.type("1")
    page.keyboard.press("Backspace")
    assert page.get_by_label("Text").input_value() == ""
    assert ink(sheet(page)) > 0


def test_the_text_is_copied(new_context, site):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = open_page(context.new_page(), site.address)
    Pen(sheet(page)).write(CHARACTERS["七"])
    wait_for_candidate(page, "七")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied 七").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "七"


def test_a_finger_writes_and_the_page_stays_where_it_is(new_context, site):
    page = open_page(new_context(**PORTRAIT).new_page(), site.address)
    Pen(sheet(page)).touch(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    assert page.evaluate("scrollY") == 0
    page.locator(".candidate").first.tap()
    page.wait_for_function("() => document.querySelector('#text').value === '口'")


def test_a_dot_is_a_stroke(page):
    box = sheet(page).bounding_box()
    page.mouse.click(box["x"] + 50, box["y"] + 50)
    assert ink(sheet(page)) > 0
    candidates(page)


def test_other_buttons_of_the_mouse_do_not_write(page):
    box = sheet(page).bounding_box()
    page.mouse.click(box["x"] + 50, box["y"] + 50, button="middle")
    assert ink(sheet(page)) == 0


def test_ink_survives_a_turn_of_the_phone(new_context, site):
    page = open_page(new_context(**PORTRAIT).new_page(), site.address)
    Pen(sheet(page)).touch(CHARACTERS["木"][:2])
    wait_for_candidate(page, "十")

    def share():
        return ink(sheet(page)) / sheet(page).evaluate("canvas => canvas.width * canvas.height")

    upright = share()
    page.set_viewport_size({"width": 844, "height": 390})
    page.wait_for_function(  # the sheet is smaller, and has been drawn again
        """() => {
            const {clientWidth, clientHeight, width} = document.querySelector("#characters-sheet");
            return clientHeight < 340 && width === 3 * clientWidth;
        }"""
    )
    assert share() == pytest.approx(upright, rel=0.05)
    Pen(sheet(page)).touch(CHARACTERS["木"][2:])
    wait_for_candidate(page, "木")
    page.set_viewport_size(PORTRAIT["viewport"])
    wait_for_candidate(page, "木")


def test_the_sheet_is_as_fine_as_the_screen(new_context, site):
    page = open_page(new_context(device_scale_factor=2).new_page(), site.address)
    assert sheet(page).evaluate("canvas => canvas.width / canvas.clientWidth") == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param((320, 640), marks=pytest.mark.slow),
        (390, 844),
        pytest.param((844, 390), marks=pytest.mark.slow),
        pytest.param((820, 1180), marks=pytest.mark.slow),
        (1280, 720),
        pytest.param((1920, 1080), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_nothing_lies_beside_the_window(new_context, site, size):
    page = open_page(new_context(viewport=dict(zip(("width", "height"), size, strict=True))).new_page(), site.address)
    Pen(sheet(page)).write(CHARACTERS["十"])
    candidates(page)
    for room in ("characters", "formulas"):
        enter(page, room.capitalize())
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        box = page.locator(f"#{room}-sheet").bounding_box()
        assert box["y"] + box["height"] <= size[1]
        assert min(box["width"], box["height"]) >= 150


def test_every_variant_reads_and_its_figures_are_shown(page, site):
    Pen(sheet(page)).write(CHARACTERS["日"])
    wait_for_candidate(page, "日")
    sizes = {variant.name: len(variant.data) for variant in site.recognisers["characters"].variants}
    for name in VARIANTS:
        page.get_by_role("radio", name=name, exact=True).check()
        row = page.get_by_role("row").filter(has=page.get_by_role("radio", name=name, exact=True))
        row.locator(".reading", has_text="日").wait_for()
        assert f"{sizes[name] / 1e6:.2f} MB" in row.inner_text()
        assert re.search(r"\d ms", row.inner_text())
        summary = page.locator("#characters-summary").inner_text()
        assert re.fullmatch(rf"{name} · {sizes[name] / 1e6:.2f} MB · [\d.]+ ms", summary)
    wait_for_candidate(page, "日")


def test_all_variants_read_the_same_ink_beside_each_other(page):
    Pen(sheet(page)).write(CHARACTERS["人"])
    wait_for_candidate(page, "人")
    page.locator("#characters-room").get_by_role("button", name="Read with all variants").click()
    readings = page.locator("#characters-models .reading")
    page.wait_for_function(
        "() => Array.from(document.querySelectorAll('#characters-models .reading')).every((cell) => cell.textContent)"
    )
    assert [reading.split()[0] for reading in readings.all_inner_texts()] == ["人"] * len(VARIANTS)
    page.keyboard.press("Control+z")  # other ink: what was read of the old one goes
    page.wait_for_function(
        "() => Array.from(document.querySelectorAll('.reading')).filter((c) => c.textContent).length <= 1"
    )


def test_the_choice_of_a_variant_is_kept(page, site):
    page.get_by_role("radio", name="int8", exact=True).check()
    open_page(page, site.address)
    assert page.get_by_role("radio", name="int8", exact=True).is_checked()


def colours(page):
    """Lightness of the background and of the ink, 0..255."""
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    pen = page.evaluate("getComputedStyle(document.querySelector('#characters-sheet')).color")
    return [sum(map(int, re.findall(r"\d+", colour)[:3])) / 3 for colour in (background, pen)]


def test_the_page_is_dark_where_the_system_is(new_context, site):
    page = open_page(new_context(color_scheme="dark").new_page(), site.address)
    background, pen = colours(page)
    assert background < 60 < 180 < pen
    Pen(sheet(page)).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    page.emulate_media(color_scheme="light")
    background, pen = colours(page)
    assert pen < 60 < 180 < background
    page.wait_for_function(  # what was written changes with it
        """() => {
            const canvas = document.querySelector("#characters-sheet");
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            for (let at = 3; at < data.length; at += 4) if (data[at] === 255) return data[at - 3] < 60;
        }"""
    )


def test_light_or_dark_can_be_chosen(page, site):
    button = page.get_by_role("button", name="Colours")
    button.click()
    button.click()
    assert button.get_attribute("aria-label") == "Colours: dark"
    open_page(page, site.address)
    assert colours(page)[0] < 60
