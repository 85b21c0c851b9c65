"""A new build replaces the old one; builds under other paths of the same origin stay unchanged."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from benchmarks.browser import Pen, open_page, served, wait_for_candidate, wait_until
from pipeline.page.serve import HEADERS
from tests.app.handwriting import CHARACTERS

NEWER = "0" * 16  # version of a build, in place of the hash that Vite writes into the service worker


def replace(path: Path, old: str, new: str) -> None:
    """Changes a text in a file and keeps the file's times, as if both builds were made within one second."""
    times = path.stat()
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def version(folder: Path) -> str:
    """The version of a build."""
    (found,) = set(re.findall(r"[`\"]([0-9a-f]{16})[`\"]", (folder / "sw.js").read_text(encoding="utf-8")))
    return found


def network(folder: Path) -> str:
    """The name of the network for characters in a build."""
    return json.loads((folder / "models.json").read_text(encoding="utf-8"))["characters"][0]["network"]


def rebuild(folder: Path) -> None:
    """Makes a newer build of a page: it calls its network "A newer network"."""
    replace(folder / "models.json", network(folder), "A newer network")
    replace(folder / "sw.js", version(folder), NEWER)


class Origin:
    """A server with builds under several paths, and a browser profile that visits them.

    Attributes:
        folder: that is served; the page's files are copied to its subfolders.
        address: ends with a slash.
    """

    def __init__(self, folder, address, context):
        self.folder, self.address, self._context = folder, address, context
        # A page that no service worker controls: it watches them without keeping an old one alive.
        self._watcher = context.new_page()
        self._watcher.goto(f"{address}robots.txt")

    def visit(self, path):
        """Opens the build at a path, and waits until it is kept on the device."""
        page = open_page(self._context.new_page(), self.address + path)
        page.get_by_text("offline ready").wait_for()
        return page

    def open(self, path):
        """Opens the build at a path again."""
        return open_page(self._context.new_page(), self.address + path)

    def caches(self):
        """The names of all caches without the page's address: path, number of the installation, version."""
        names = self._watcher.evaluate("caches.keys()")
        return sorted(name.removeprefix("ink2edge ").replace(self.address, "/") for name in names)

    def look_for_update(self, path):
        """Asks the server for a new build, as browsers do some time after a visit."""
        self._watcher.evaluate(f"{self._registration(path)}.then((registration) => {{ registration.update(); }})")

    def wait_for(self, path, state):
        """Waits until a new worker waits for the pages of the old one ("waiting"), or until none does ("active")."""
        waiting = "waiting?.state === 'installed'" if state == "waiting" else "!waiting && !installing"
        condition = f"{waiting} && active?.state === 'activated'"
        wait_until(
            self._watcher,
            f"{self._registration(path)}.then(({{installing, waiting, active}}) => {condition})",
        )

    def wait_until_starting(self, path):
        """Waits until the worker of a path is being activated."""
        condition = "registration?.active?.state === 'activating'"
        wait_until(self._watcher, f"{self._registration(path)}.then((registration) => {condition})")

    def cut(self):
        """Cuts the network."""
        self._context.set_offline(True)

    def _registration(self, path):
        return f"navigator.serviceWorker.getRegistration('/{path}')"


@pytest.fixture
def origin(new_context, site, tmp_path):
    """An origin without a page at its root; `add` adds pages."""
    shutil.copy(site.folder / "index.html", tmp_path)
    (tmp_path / "robots.txt").write_text("", encoding="utf-8")
    with served(tmp_path) as address:
        yield Origin(tmp_path, address, new_context(service_workers="allow"))


def add(origin, site, path):
    """Puts a copy of the page under a path."""
    return Path(shutil.copytree(site.folder, origin.folder / path, dirs_exist_ok=True))


def reads(page):
    Pen(page.locator("#characters-sheet")).write(CHARACTERS["十"])
    wait_for_candidate(page, "十")


@pytest.mark.parametrize("caching", ["no-cache", "max-age=86400"])
def test_a_new_build_takes_the_place_of_the_old(origin, site, monkeypatch, caching):
    """Whatever the host allows browsers to cache."""
    monkeypatch.setitem(HEADERS, "Cache-Control", caching)
    folder = add(origin, site, "page")
    page = origin.visit("page/")
    first = version(folder)
    assert origin.caches() == [f"/page/ 1 {first}"]
    rebuild(folder)
    origin.look_for_update("page/")
    origin.wait_for("page/", "waiting")
    assert origin.caches() == [f"/page/ 1 {first}", f"/page/ 2 {NEWER}"]
    page.close()  # the new worker waits until nobody uses the old one
    origin.wait_for("page/", "active")
    page = origin.open("page/")
    page.get_by_text("A newer network").wait_for()
    assert origin.caches() == [f"/page/ 2 {NEWER}"]


@pytest.mark.parametrize("paths", [("a/", "b/"), ("a/", "a/b/"), ("a/b/", "a/")], ids=" and ".join)
def test_an_update_leaves_the_build_of_another_path_alone(origin, site, paths):
    """Also if one path lies within the other."""
    changed, other = paths
    folders = {path: add(origin, site, path) for path in sorted(paths, reverse=True)}
    pages = [origin.visit(path) for path in paths]
    rebuild(folders[changed])
    origin.look_for_update(changed)
    origin.wait_for(changed, "waiting")
    for page in pages:
        page.close()
    origin.wait_for(changed, "active")
    assert origin.caches() == sorted([f"/{changed} 2 {NEWER}", f"/{other} 1 {version(folders[other])}"])
    origin.cut()
    page = origin.open(changed)
    page.get_by_text("A newer network").wait_for()
    reads(page)
    page = origin.open(f"{other}index.html")
    page.get_by_text(network(folders[other])).wait_for()
    reads(page)


def test_an_old_worker_that_still_starts_leaves_the_files_of_a_newer_one(origin, site):
    """Its start is held up until the newer one is installed."""
    folder = add(origin, site, "page")
    held = """const list = caches.keys.bind(caches);
        addEventListener("activate", () => {
            caches.keys = async () => {
                while (!registration.waiting) await new Promise((done) => setTimeout(done, 10));
                return list();
            };
        });
    """
    first, script = version(folder), folder / "sw.js"
    original = script.read_text(encoding="utf-8")
    script.write_text(held + original, encoding="utf-8")
    page = origin.open("page/")
    origin.wait_until_starting("page/")
    script.write_text(original, encoding="utf-8")
    rebuild(folder)
    origin.look_for_update("page/")
    origin.wait_for("page/", "waiting")
    assert origin.caches() == [f"/page/ 1 {first}", f"/page/ 2 {NEWER}"]
    page.close()
    origin.wait_for("page/", "active")
    origin.cut()
    page = origin.open("page/")
    page.get_by_text("A newer network").wait_for()
    reads(page)
    assert origin.caches() == [f"/page/ 2 {NEWER}"]
