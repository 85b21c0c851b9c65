"""Hides this machine's disk from the workers, as on a cluster whose machines share none.

The pool runs in its own mount namespace (`unshare`, of util-linux). There, the project's folder and /tmp are empty
file systems in memory. The workers import a copy of the code, and their virtual environment is mounted elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from cluster.install import HOME
from pipeline.errors import InkError
from pipeline.files import remove

PROJECT = HOME.parent.resolve()
CODE = ("cluster", "pipeline", "tests")  # what workers import; without data
_NUMBER = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]  # of this checkout
SHELL = Path("/var/tmp", f"ink2edge-workers-{_NUMBER}")
# $1: virtual environment, $2: where it is mounted, $3: project. Python finds pyvenv.cfg beside its own path.
SCRIPT = """set -e
mount --bind "$1" "$2"
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p "$3"
mount -t tmpfs tmpfs "$3"
shift 3
exec "$@"
"""


def isolated(arguments: list[str]) -> list[str]:
    """The command that runs Python with these arguments where the disk is hidden; see `prepare`."""
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.getuid():
        unshare.append("--map-root-user")
    places = [str(Path(sys.prefix).resolve()), str(SHELL / "venv"), str(PROJECT)]
    return [*unshare, "sh", "-c", SCRIPT, "sh", *places, str(SHELL / "venv/bin/python"), *arguments]


def prepare() -> None:
    """Copies the code that workers import.

    Raises:
        InkError: `unshare` is missing.
    """
    if shutil.which("unshare") is None:
        raise InkError("expected the command `unshare`, found none on the PATH; install util-linux")
    remove(SHELL)
    (SHELL / "venv").mkdir(parents=True)
    for name in CODE:
        shutil.copytree(PROJECT / name, SHELL / "code" / name, ignore=shutil.ignore_patterns("__pycache__"))
