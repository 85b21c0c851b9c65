"""SHA256SUMS: the checksums of all files of a data set; `sha256sum -c SHA256SUMS` checks them.

https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
"""

from __future__ import annotations

from pipeline.cards.description import DataSet

NAME = "SHA256SUMS"


def render(data: DataSet) -> dict[str, str]:
    """The text of each file, by its name."""
    return {NAME: "".join(f"{file.sha256}  {file.name}\n" for file in data.files)}
