"""The page can be used without seeing colours, without a pointer, and with a screen reader."""

import pytest

from benchmarks.browser import Pen, enter, open_page, wait_for_candidate, wait_for_symbols
from tests.app.handwriting import CHARACTERS, SYMBOLS

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESKTOP = (390, 844), (1280, 800)


def violations(page, sources):
    """The violations that axe-core finds, one line each."""
    page.evaluate((sources / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", RULES)["violations"]
    return [f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        (PHONE, "dark"),
        (DESKTOP, "light"),
        pytest.param(PHONE, "light", marks=pytest.mark.slow),
        pytest.param(DESKTOP, "dark", marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_axe_finds_nothing(new_context, site, sources, scheme, size):
    viewport = dict(zip(("width", "height"), size, strict=True))
    page = open_page(new_context(color_scheme=scheme, viewport=viewport).new_page(), site.address)
    assert violations(page, sources) == []
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")
    assert violations(page, sources) == []
    enter(page, "Formulas")
    assert violations(page, sources) == []
    Pen(page.locator("#formulas-sheet"), (0.3, 0.4, 0.2)).write(SYMBOLS["x"])
    wait_for_symbols(page, ["x"])
    assert violations(page, sources) == []


def test_axe_finds_nothing_in_an_error(new_context, site, sources):
    page = new_context().new_page()
    page.route("**/models/*-characters-*", lambda route: route.fulfill(status=404))
    page.goto(site.address)
    page.get_by_role("alert").wait_for()
    assert violations(page, sources) == []


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def tab_to(page, wanted, most=60):
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page) == wanted:
            return
    raise AssertionError(f"expected to reach {wanted} with {most} presses of Tab")


def cross(page, steps):
    """Writes a 十 with the keys: a bar, then a stem, which the bar crosses at a third of its height."""
    keys = page.keyboard

    def press(key, times=1):
        for _ in range(times):
            keys.press(key)

    press("ArrowLeft", steps)
    press("Space")
    press("ArrowRight", 2 * steps)
    press("Space")
    press("ArrowLeft", steps)
    press("ArrowUp", 2 * steps // 3)
    press("Space")
    press("ArrowDown", 2 * steps)
    press("Space")


def test_everything_is_done_with_keys_alone(page):
    tab_to(page, "characters-sheet")
    cross(page, 15)
    wait_for_candidate(page, "十")
    page.keyboard.press("1")
    assert page.get_by_label("Text").input_value() == "十"
    cross(page, 15)
    page.keyboard.press("Backspace")
    wait_for_candidate(page, "一")
    tab_to(page, "Clear")
    page.keyboard.press("Enter")
    page.wait_for_selector(".candidate:enabled", state="detached")
    tab_to(page, "characters-variant-trained-dynamic")
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="int8", exact=True).is_checked()
    tab_to(page, "Formulas")
    page.keyboard.press("Enter")
    tab_to(page, "formulas-sheet")
    cross(page, 6)
    page.wait_for_selector("#symbols:not([aria-busy=true]) .chip")
    tab_to(page, "threshold")
    page.keyboard.press("End")
    assert page.locator("#threshold-value").inner_text() == "95 %"


def test_the_focus_can_be_seen(page):
    tab_to(page, "characters-sheet")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["一"])
    page.mouse.click(5, 5)
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["一"])
    assert page.evaluate("getComputedStyle(document.querySelector('#characters-sheet')).outlineStyle") == "none"


def test_what_was_read_is_said(page):
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    page.get_by_role("status").filter(has_text="Read as 口.").wait_for()
    assert page.locator(".candidate").first.get_attribute("aria-label").startswith("口, ")


def test_keys_of_one_page_leave_the_other_alone(page, site):
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["口"])
    wait_for_candidate(page, "口")
    enter(page, "Formulas")
    page.keyboard.press("Escape")
    enter(page, "Characters")
    wait_for_candidate(page, "口")
