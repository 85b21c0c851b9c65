"""Reads the licence terms of third-party data from THIRD_PARTY.md.

    materials(Path("THIRD_PARTY.md").read_text())[0].licence     # "Arphic Public License"

Only that page states the terms; model cards print its rows. A test compares its versions with the pinned ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import InkError

PAGE = Path("THIRD_PARTY.md")
SECTION = "Data"
HEADER = ("stage", "material", "version", "licence", "text of the licence", "what is derived from it")
_FILE = re.compile(r"`([^`]*/[^`]*)`")  # a path in the project; a name without a slash is a file in the package


class Material(NamedTuple):
    """One row of the table: cells in the order of `HEADER`, as Markdown."""

    stage: str
    material: str
    version: str
    licence: str
    text: str
    derived: str

    @property
    def file(self) -> Path | None:
        """File with the licence text that must accompany the data; None if only a package contains it."""
        match = _FILE.fullmatch(self.text)
        return Path(match[1]) if match else None


def read_materials(page: Path = PAGE) -> list[Material]:
    """The rows of the data table in `page`.

    Raises:
        InkError: the page or its table is missing.
    """
    try:
        return materials(page.read_text(encoding="utf-8"))
    except OSError as error:
        raise InkError(
            f"{page}: expected the licence terms of the training data, found none ({error.strerror}); restore it with "
            f"`git checkout {page}`"
        ) from error
    except ValueError as error:
        raise InkError(f"{page}: {error}; restore it with `git checkout {page}`") from error


def materials(text: str) -> list[Material]:
    """The rows of the table below the heading `SECTION`.

    Raises:
        ValueError: the section, the table or a cell is missing.
    """
    header, *rows = [tuple(row) for row in _table(text)] or [()]
    if header != HEADER or not rows:
        raise ValueError(f"expected a table with the columns {', '.join(HEADER)} below `## {SECTION}`, found none")
    for row in rows:
        if len(row) != len(HEADER) or not all(row):
            raise ValueError(f"expected {len(HEADER)} filled cells in each row, found `{' | '.join(row)}`")
    return [Material(*row) for row in rows]


def _table(text: str) -> Iterator[list[str]]:
    """Yields the cells of the section's table per row: first the header, without the delimiter row."""
    _, _, section = text.partition(f"\n## {SECTION}\n")
    for line in section.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and not all(re.fullmatch(":?-+:?", cell) for cell in cells):
            yield cells
