"""The terms of third-party data, as THIRD_PARTY.md states them.

    materials(Path("THIRD_PARTY.md").read_text())[0].licence     # "Arphic Public License"

The page is the only place that states them: model cards print its rows. A test holds its versions to the pinned ones.
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
_FILE = re.compile(r"`([^`]*/[^`]*)`")  # a path in the project; a bare name is a file of the package


class Material(NamedTuple):
    """One row of the table: cells in the order of `HEADER`, in Markdown."""

    stage: str
    material: str
    version: str
    licence: str
    text: str
    derived: str

    @property
    def file(self) -> Path | None:
        """The text of the licence that must travel with the data; None if only a package contains it."""
        match = _FILE.fullmatch(self.text)
        return Path(match[1]) if match else None


def read_materials(page: Path = PAGE) -> list[Material]:
    """The rows of the table of data in `page`.

    Raises:
        InkError: no such page, or no such table in it; says what to do.
    """
    try:
        return materials(page.read_text(encoding="utf-8"))
    except OSError as error:
        raise InkError(
            f"{page}: expected the terms of the data that the model learnt from, found none ({error.strerror}); "
            f"restore it with `git checkout {page}`"
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
    """Cells of the section's table, header first, without the rule."""
    _, _, section = text.partition(f"\n## {SECTION}\n")
    for line in section.partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and not all(re.fullmatch(":?-+:?", cell) for cell in cells):
            yield cells
