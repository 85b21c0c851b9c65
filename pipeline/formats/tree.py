"""Lists the files below a folder and follows links to folders.

for path in walk(Path("data/raw/casia")).files: ...
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from pipeline.stores import is_remote


class Tree(NamedTuple):
    """The files below a folder, without hidden names."""

    files: list[Path]  # everything except folders, sorted
    skipped: list[tuple[Path, str, Path | None]]
    """Folders that are not searched: path, reason, and the path under which the same folder is searched, if any."""


def source_files(source: Path | str) -> list[Path] | None:
    """The files of a source on disk; None if it is in a store."""
    return None if is_remote(source) else walk(Path(source)).files


def walk(root: Path) -> Tree:
    """Lists the files below a folder and follows links to folders.

    Searches each folder once, and prefers its real path to a link. Does not follow a link to a folder above `root`,
    because the search would never end.
    """
    if root.is_file():
        return Tree([root], [])
    tree = Tree([], [])
    entered: dict[str, Path] = {}
    links = _enter(root, tree, entered)
    while links:
        link, *links = sorted(links)
        real = os.path.realpath(link)
        if os.path.realpath(root).startswith(os.path.join(real, "")):
            tree.skipped.append((link, "a link to a folder above the source", None))
        else:
            links += _enter(link, tree, entered)
    tree.files.sort()
    return tree


def _enter(top: Path, tree: Tree, entered: dict[str, Path]) -> list[Path]:
    """Adds the files below one folder to `tree` and returns the linked folders there."""
    pending, links = [top], list[Path]()
    while pending:
        folder = pending.pop()
        first = entered.setdefault(os.path.realpath(folder), folder)
        if first is not folder:
            tree.skipped.append((folder, "", first))
            continue
        try:
            with os.scandir(folder) as listing:
                items = [item for item in listing if not item.name.startswith(".")]
        except FileNotFoundError:
            continue
        except OSError as error:
            tree.skipped.append((folder, f"cannot be read ({error.strerror})", None))
            continue
        for item in items:
            path = folder / item.name
            if not os.path.isdir(path):  # also False for a broken link and a link to itself
                tree.files.append(path)
            else:
                (links if item.is_symlink() else pending).append(path)
    return links
