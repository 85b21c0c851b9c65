"""Controls the web app in this machine's Chromium through Playwright, as a person would."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from pipeline.page.serve import server

Stroke = Sequence[Sequence[float]]

CHROMIUM = os.environ.get("INK2EDGE_CHROMIUM") or next(filter(None, map(shutil.which, ["chromium", "chrome"])), None)
# No sandbox, because tests may run as root; no background traffic; no GPU; a fake camera.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

# Milliseconds from each end of a stroke to the next change of the candidates.
WATCH_READINGS = """() => {
    window.readings = [];
    let lifted = 0;
    addEventListener("pointerup", () => { lifted = performance.now(); }, true);
    new MutationObserver(() => {
        if (lifted) window.readings.push(performance.now() - lifted);
        lifted = 0;
    }).observe(document.querySelector("#candidates"), {subtree: true, childList: true, characterData: true});
}"""

# Milliseconds between frames, and milliseconds of each long task that blocks the main thread.
WATCH_FRAMES = """() => {
    window.frames_ = [];
    window.blocked = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.blocked.push(entry.duration);
    }).observe({entryTypes: ["longtask"]});
    let before = performance.now();
    const next = (now) => { window.frames_.push(now - before); before = now; requestAnimationFrame(next); };
    requestAnimationFrame(next);
}"""

PATIENCE = 60_000  # milliseconds: long, because machines are sometimes slow, and waiting does not distort any figure
STEPS = 4  # mouse moves between two points of a stroke


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Starts the browser at `CHROMIUM` without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves a built page and yields its address."""
    with server(folder) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/"
        finally:
            running.shutdown()
            thread.join()


def open_page(page: Page, address: str) -> Page:
    """Opens the page and waits until it is ready for ink."""
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page


def wait_until(page: Page, promise: str) -> None:
    """Waits until the promise that a JavaScript expression returns resolves to a true value.

    `wait_for_function` cannot do this: it takes any promise for a true value.

    Raises:
        playwright.sync_api.Error: the value is still false after `PATIENCE`.
    """
    page.evaluate(
        f"""async () => {{
            const end = performance.now() + {PATIENCE};
            while (!(await ({promise}))) {{
                if (performance.now() > end) throw new Error("expected a true value in {PATIENCE} ms");
                await new Promise((done) => setTimeout(done, 20));
            }}
        }}"""
    )


def enter(page: Page, room: str) -> None:
    """Opens "Characters" or "Formulas" and waits until its sheet is visible."""
    page.get_by_role("link", name=room).click()
    page.locator(f"#{room.lower()}-sheet").wait_for()


class Pen:
    """Writes on a sheet. Strokes are points in the unit square, y down; they are scaled to `area` of the sheet.

    Attributes:
        sheet: canvas to write on.
        area: left, top and side, as shares of the sheet's shorter edge.
    """

    def __init__(self, sheet: Locator, area: tuple[float, float, float] = (0.12, 0.12, 0.76)):
        self.sheet = sheet
        self.area = area

    def points(self, stroke: Stroke) -> list[tuple[float, float]]:
        """Screen coordinates of a stroke's points."""
        box = self.sheet.bounding_box()
        assert box is not None
        edge, (left, top, side) = min(box["width"], box["height"]), self.area
        return [(box["x"] + (left + x * side) * edge, box["y"] + (top + y * side) * edge) for x, y in stroke]

    def write(self, strokes: Iterable[Stroke]) -> None:
        """Writes strokes with the mouse."""
        mouse = self.sheet.page.mouse
        for stroke in strokes:
            first, *rest = self.points(stroke)
            mouse.move(*first)
            mouse.down()
            for x, y in rest or [first]:
                mouse.move(x, y, steps=STEPS)
            mouse.up()

    def touch(self, strokes: Iterable[Stroke]) -> None:
        """Writes strokes with a finger."""
        session = self.sheet.page.context.new_cdp_session(self.sheet.page)

        def send(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        for stroke in strokes:
            corners = np.array(self.points(stroke))
            send("touchStart", tuple(corners[0].tolist()))
            for start, end in itertools.pairwise(corners):
                for along in np.linspace(0, 1, STEPS + 1)[1:]:
                    send("touchMove", tuple((start + (end - start) * along).tolist()))
            send("touchEnd")


def ink(sheet: Locator) -> int:
    """Number of pixels of the sheet's canvas that have ink."""
    return sheet.evaluate(
        """canvas => {
            const {width, height} = canvas;
            const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
            let inked = 0;
            for (let at = 3; at < data.length; at += 4) inked += data[at] > 127;
            return inked;
        }"""
    )


def candidates(page: Page) -> list[str]:
    """Waits until the last stroke has been read and there are candidates; returns their characters."""
    page.wait_for_selector("#candidates:not([aria-busy=true]) .candidate:enabled")
    return [char for char in page.locator(".candidate .char").all_inner_texts() if char]


def wait_for_candidate(page: Page, char: str, place: int = 0) -> None:
    """Waits until the last stroke has been read and `char` is the candidate at index `place`."""
    page.wait_for_function(
        """([char, place]) => char ===
            document.querySelectorAll("#candidates:not([aria-busy=true]) .char")[place]?.textContent""",
        arg=[char, place],
    )


def symbols(page: Page) -> list[str]:
    """Signs in the list of symbols."""
    return page.locator("#symbols .sign").all_inner_texts()


def wait_for_symbols(page: Page, signs: Sequence[str]) -> None:
    """Waits until the last stroke or picture has been read and the list of symbols has these signs."""
    page.wait_for_function(
        """signs => {
            const list = document.querySelector("#symbols:not([aria-busy=true])");
            return list && signs.join(" ") ===
                Array.from(list.querySelectorAll(".sign"), (sign) => sign.textContent).join(" ");
        }""",
        arg=list(signs),
    )
