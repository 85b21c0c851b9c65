"""A temporary folder for readers that take paths; it is removed when the process ends."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


def folder() -> Path:
    """Returns the same folder at each call."""
    return Path(_folder().name)


@cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="ink2edge-fuzz-")
