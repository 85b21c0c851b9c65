"""SHA256SUMS: the checksums of all files of a data set; `sha256sum -c SHA256SUMS` checks them.

A line whose file name has a `\\` starts with one, and the name has two of them for each:
https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
"""

from __future__ import annotations

from pipeline.cards.description import DataSet, File

NAME = "SHA256SUMS"


def render(data: DataSet) -> dict[str, str]:
    """The text of each file, by its name."""
    return {NAME: "".join(map(_line, sorted([*data.files, *data.pictures])))}


def _line(file: File) -> str:
    # Names of pictures are those of the source; line breaks, the other characters to escape, cannot be in them.
    escape = "\\" if "\\" in file.name else ""
    name = file.name.replace("\\", "\\\\")
    return f"{escape}{file.sha256}  {name}\n"
