"""Tables of text cells for Markdown and for the terminal: names are left-aligned, figures right-aligned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

Rows = Sequence[Sequence[str]]


def markdown(header: Sequence[str], rows: Rows, left: int = 1) -> str:
    """Renders a Markdown table, padded to be readable as plain text; the first `left` columns are left-aligned."""
    widths = [max(3, *(len(line[column]) for line in (header, *rows))) for column in range(len(header))]
    rule = "|".join("-" * (width + 1) + ("-" if column < left else ":") for column, width in enumerate(widths))
    lines = [_line(header, widths, left), f"|{rule}|", *(_line(row, widths, left) for row in rows)]
    return "\n".join(lines) + "\n"


def show(header: Sequence[str], rows: Rows, title: str | None = None) -> None:
    """Prints a table to standard output; it never cuts off cells."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False
    )
    for column, name in enumerate(header):
        table.add_column(name, justify="left" if column == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}  # cells may contain user input
    console = Console(**plain)
    # In a narrow terminal, broken lines are better than cut-off figures.
    width = max(console.width, Measurement.get(console, console.options.update(width=1000), table).maximum)
    Console(width=width, **plain).print(table)


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    padded = [
        cell.ljust(width) if column < left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
