"""Tables of text cells, for Markdown and for the terminal: the first column left-aligned, the others right-aligned."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

Rows = Sequence[Sequence[str]]


def markdown(header: Sequence[str], rows: Rows) -> str:
    """A Markdown table, padded so that it also reads well as plain text."""
    widths = [max(3, *(len(line[column]) for line in (header, *rows))) for column in range(len(header))]
    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    lines = [_line(header, widths), f"|{rule}|", *(_line(row, widths) for row in rows)]
    return "\n".join(lines) + "\n"


def show(header: Sequence[str], rows: Rows, title: str) -> None:
    """Prints a table on standard output."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False
    )
    for column, name in enumerate(header):
        table.add_column(name, justify="left" if column == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console()
    # A narrow terminal may break lines; cut-off figures would be worse.
    width = max(console.width, Measurement.get(console, console.options.update(width=1000), table).maximum)
    Console(width=width).print(table)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(padded)} |"
