"""Inputs that stay as they are while they are read: what changes meanwhile is an error, not another output.

before = stamps("data/raw/casia")
...                                             # list and read
check_unchanged("data/raw/casia", before)
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InkError

Stamps = dict[str, tuple[int, int] | None]
"""Size and time of change of each file, by its path; None for one that cannot be looked at."""


def stamps(path: Path | str) -> Stamps:
    """Of a file, or of all files below a folder but hidden ones."""
    root = Path(path)
    files = [root] if root.is_file() else [file for file in root.rglob("*") if not file.is_dir()]
    names = {file.relative_to(root): file for file in files}
    return {name.as_posix(): _stamp(file) for name, file in names.items() if not _is_hidden(name)}


def check_unchanged(path: Path | str, before: Stamps) -> None:
    """Sees that an input is as it was.

    Raises:
        InkError: files came, went or changed; names the first.
    """
    after = stamps(path)
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if not changed:
        return
    name, more = changed[0], f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    how = "is gone" if name not in after else "is new" if name not in before else "changed"
    raise InkError(
        f"{Path(path) / name}{more}: expected files to stay as they are while they are read, found that the first "
        f"{how}; let nobody write there and run again"
    )


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)
