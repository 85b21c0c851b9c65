"""Measures the speed of the web app in this machine's Chromium: start, reading a stroke, drawing a frame.

    python -m benchmarks.web_app                    # figures of app/dist, with handwriting of the embedded corpora
    python -m benchmarks.web_app --pictures docs    # also take pictures

Needs the outputs of `dvc repro` and Chromium; pictures also need a font with Chinese characters. Takes about two
minutes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.browser import WATCH_FRAMES, WATCH_READINGS, Pen, Stroke, chromium, enter, open_page, served
from pipeline.command import command_parser
from pipeline.formats.charset import read_class_list
from pipeline.formats.inkml import read_inkml
from pipeline.report import tables
from pipeline.synthesis.hands.medians import EM, load_medians
from stages.paths import APP_DIST, CLASSES, FORMULAS, MEDIANS

STARTS = 7
CHARACTERS = 12  # characters written per variant
FRAME = 1000 / 60  # milliseconds
WRITTEN = "handwritten/1001/001980.inkml"  # an embedded formula, for pictures and for readings
PRINTED = "printed/0000/000001.jpg"
PICTURED = "爱"
LOOKS: tuple[tuple[str, int, int, Literal["light", "dark"]], ...] = (
    ("desktop", 1280, 800, "light"),  # CSS pixels
    ("phone", 390, 844, "dark"),
)
COLOURS = 128  # size of a picture's palette

# Milliseconds of each reading, as shown by the page.
WATCH_TIMES = r"""room => {
    window.times = [];
    const summary = document.querySelector(`#${room}-summary`);
    new MutationObserver(() => {
        const told = summary.textContent.match(/([\d.]+) ms$/);
        if (told) window.times.push(Number(told[1]));
    }).observe(summary, {childList: true});
}"""


def handwriting(chars: Iterable[str]) -> dict[str, list[Stroke]]:
    """Strokes of each character, in the unit square."""
    medians = load_medians(MEDIANS / "medians.jsonl", chars)
    return {char: [(np.array(stroke) / EM).tolist() for stroke in strokes] for char, strokes in medians.items()}


def formula(page: Page) -> list[Stroke]:
    """Strokes of a formula, centred on the page's sheet, in units of the sheet's shorter edge."""
    traces = [np.array(trace) for trace in read_inkml((FORMULAS / WRITTEN).read_bytes()).traces]
    points = np.concatenate(traces)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    box = page.locator("#formulas-sheet").bounding_box()
    assert box is not None
    room = np.array([box["width"], box["height"]]) / min(box["width"], box["height"])
    scale = (room * [0.8, 0.55] / extent).min()
    return [((trace - low - extent / 2) * scale + room / 2).tolist() for trace in traces]


def start_times(browser: Browser, address: str) -> list[float]:
    """Milliseconds from opening the page until the recogniser is ready, with a warm cache."""
    with browser.new_context() as context:
        page = open_page(context.new_page(), address)
        page.get_by_text("offline ready").wait_for()
        times = []
        for _ in range(STARTS):
            open_page(page, address)
            page.wait_for_function("() => performance.getEntriesByName('recogniser ready').length")
            times.append(page.evaluate("performance.getEntriesByName('recogniser ready')[0].startTime"))
        return times


def measure_characters(page: Page) -> list[list[str]]:
    """One row per variant."""
    written = handwriting(read_class_list(CLASSES)[:CHARACTERS])
    page.evaluate(WATCH_READINGS)
    page.evaluate(WATCH_TIMES, "characters")
    pen = Pen(page.locator("#characters-sheet"))
    rows = []
    for name, size in variants(page, "characters"):
        page.evaluate("() => { window.readings.length = window.times.length = 0; }")
        for strokes in written.values():
            for stroke in strokes:
                pen.write([stroke])
                page.wait_for_timeout(60)
            page.keyboard.press("Escape")
        readings, times = page.evaluate("[window.readings, window.times]")
        rows.append(["characters", name, size, *percentiles(times), *percentiles(readings)])
    return rows


def measure_formulas(page: Page) -> list[list[str]]:
    """One row per variant; the app also reads while the pen is down."""
    page.evaluate(WATCH_TIMES, "formulas")
    pen = Pen(page.locator("#formulas-sheet"), (0, 0, 1))
    rows = []
    for name, size in variants(page, "formulas"):
        page.evaluate("() => { window.times.length = 0; }")
        pen.write(formula(page))
        page.wait_for_timeout(300)
        rows.append(["formulas", name, size, *percentiles(page.evaluate("window.times")), "", ""])
        page.keyboard.press("Escape")
    return rows


def measure_frames(page: Page) -> str:
    """Counts frames and late frames while a formula is written and read."""
    page.evaluate(WATCH_FRAMES)
    Pen(page.locator("#formulas-sheet"), (0, 0, 1)).write(formula(page))
    frames, blocked = page.evaluate("[window.frames_, window.blocked]")
    late = sum(frame > 1.5 * FRAME for frame in frames)
    return f"{len(frames)} frames, {late} late, longest {max(frames):.0f} ms, {len(blocked)} tasks of 50 ms or more"


def variants(page: Page, room: str) -> Iterable[tuple[str, str]]:
    """Selects each variant in turn and yields its name and size."""
    for row in page.locator(f"#{room}-models tbody tr").all():
        name = row.locator("label").inner_text()
        row.get_by_role("radio").check()
        yield name, row.locator("td").first.inner_text()


def percentiles(values: Sequence[float]) -> list[str]:
    """p50 and p95."""
    return [f"{np.percentile(values, share):.1f}" for share in (50, 95)]


def take_pictures(browser: Browser, address: str, folder: Path) -> None:
    """Takes pictures of both recognisers, with ink and with a photo: light on a desktop, dark on a phone."""
    for device, width, height, scheme in LOOKS:
        phone = device == "phone"
        with browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            color_scheme=scheme,
        ) as context:
            page = open_page(context.new_page(), address)
            page.get_by_text("offline ready").wait_for(state="attached")
            Pen(page.locator("#characters-sheet")).write(handwriting(PICTURED)[PICTURED])
            shoot(page, ".candidate:enabled", folder / f"characters-{device}.png")
            enter(page, "Formulas")
            Pen(page.locator("#formulas-sheet"), (0, 0, 1)).write(formula(page))
            shoot(page, ".chip", folder / f"formulas-{device}.png")
            page.set_input_files("#photo-file", FORMULAS / PRINTED)
            shoot(page, ".chip", folder / f"photo-{device}.png")


def shoot(page: Page, read: str, path: Path) -> None:
    """Saves a small PNG of the window after an element matches the selector `read` and the page is stable."""
    page.wait_for_selector(read)
    page.wait_for_timeout(1000)
    with Image.open(io.BytesIO(page.screenshot())) as image:
        # MAXCOVERAGE also keeps rare colours.
        image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


def main() -> None:
    """Prints the figures."""
    parser = command_parser("benchmarks.web_app", __doc__)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="also take pictures, into this folder")
    arguments = parser.parse_args()
    with served(APP_DIST) as address, chromium() as browser:
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            take_pictures(browser, address, arguments.pictures)
        starts = start_times(browser, address)
        page = open_page(browser.new_page(), address)
        rows = measure_characters(page)
        enter(page, "Formulas")
        rows += measure_formulas(page)
        frames = measure_frames(page)
    header = ("recogniser", "variant", "size", "reading ms p50", "p95", "stroke to candidates ms p50", "p95")
    tables.show(header, rows)
    print(f"start from a warm cache: {' '.join(f'{time:.0f}' for time in starts)} ms")
    print(f"writing a formula: {frames}")


if __name__ == "__main__":
    main()
