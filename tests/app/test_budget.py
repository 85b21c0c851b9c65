"""The budget of the page: time to start and to read a stroke, and no dropped frame while somebody writes.

The best of a few attempts counts, because other work may slow the machine down. Tests that measure time are marked
`slow` and `alone`: they need a machine without other tests.
"""

import pytest

from benchmarks.browser import WATCH_FRAMES, WATCH_READINGS, Pen, open_page, wait_for_candidate
from tests.app.handwriting import CHARACTERS, SYMBOLS

START = 3000  # milliseconds from a warm cache until ink is read
READING = 100  # from the end of a stroke to its candidates
FRAME = 1000 / 60
ATTEMPTS = 5


@pytest.mark.slow
@pytest.mark.alone
def test_the_page_starts_quickly_from_a_warm_cache(new_context, site):
    context = new_context(service_workers="allow")
    page = open_page(context.new_page(), site.address)
    page.get_by_text("offline ready").wait_for()
    times = []
    for _ in range(ATTEMPTS):
        open_page(page, site.address)
        page.wait_for_function("() => performance.getEntriesByName('recogniser ready').length")
        times.append(page.evaluate("performance.getEntriesByName('recogniser ready')[0].startTime"))
    assert min(times) <= START, times


@pytest.mark.slow
@pytest.mark.alone
def test_a_stroke_is_read_at_once(page):
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["日"])
    wait_for_candidate(page, "日")
    page.evaluate(WATCH_READINGS)
    for char in list(CHARACTERS)[:ATTEMPTS]:
        page.keyboard.press("Escape")
        Pen(page.locator("#characters-sheet")).write(CHARACTERS[char])
        wait_for_candidate(page, char)
    readings = page.evaluate("window.readings")
    assert len(readings) >= ATTEMPTS
    assert sorted(readings)[len(readings) // 2] <= READING, readings


@pytest.mark.slow
@pytest.mark.alone
def test_drawing_keeps_its_frames_while_formulas_are_read(formulas):
    pen = Pen(formulas.locator("#formulas-sheet"), (0.3, 0.4, 0.2))
    pen.write(SYMBOLS["x"])
    formulas.wait_for_selector(".chip")
    formulas.evaluate(WATCH_FRAMES)
    attempts = []
    for _ in range(ATTEMPTS):
        formulas.evaluate("() => { window.frames_.length = 0; window.blocked.length = 0; }")
        for place in range(3):
            Pen(formulas.locator("#formulas-sheet"), (0.5 + 0.3 * place, 0.4, 0.2)).write(SYMBOLS["o"])
        frames, blocked = formulas.evaluate("[window.frames_, window.blocked]")
        assert len(frames) >= 3
        share = sum(frame <= 1.5 * FRAME for frame in frames) / len(frames)
        attempts.append((share, blocked))
        # A frame of a busy machine may be late; most must be in time.
        if share >= 0.9 and not blocked:
            return
    raise AssertionError(f"expected an attempt with 90 % of the frames in time, found {attempts}")


@pytest.mark.parametrize("file", ["index", "worker"])
def test_the_code_is_small(site, file):
    (script,) = (site.folder / "assets").glob(f"{file}-*.js")
    assert script.stat().st_size <= 60_000
