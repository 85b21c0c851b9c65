"""The files of an input, which must stay as they are while they are read: a change is an error, not another output.

before = stamps("data/raw/casia")
...                                             # list and read
check_unchanged("data/raw/casia", before)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import InkError

Stamps = dict[str, tuple[int, int] | None]
"""Size and time of change of each file, by its path; None for one that cannot be looked at."""


_EXPERIMENTS = Path(".dvc/tmp/exps")  # where DVC makes temporary workspaces, `tmp*` and `standalone/tmp*`

_COPY = "this is a temporary copy of the workspace (`dvc exp run --temp` or `--queue`)"


class Tree(NamedTuple):
    """What lies below a folder, hidden names left out."""

    files: list[Path]  # everything that is not a folder, sorted
    skipped: list[
        tuple[Path, str, Path | None]
    ]  # folder, why it is not entered, or the same folder by the path that is entered


def walk(root: Path) -> Tree:
    """Lists the files below a folder; links to folders are followed.

    A folder is entered once, under its own path rather than a link if it has both. A link to a folder above `root` is
    not followed, since it would never end.
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
            if not os.path.isdir(path):  # of a link that leads nowhere or to itself, too
                tree.files.append(path)
            else:
                (links if item.is_symlink() else pending).append(path)
    return links


def stamps(path: Path | str) -> Stamps:
    """Of a file, or of all files below a folder, see `walk`."""
    root = Path(path)
    return {file.relative_to(root).as_posix(): _stamp(file) for file in walk(root).files}


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


def check_there(source: Path | str, kinds: str, param: str) -> None:
    """Sees that an input that `param` names exists.

    Raises:
        InkError: it does not. In the temporary folder of `dvc exp run --temp` or `--queue` it says why, and what to do.
    """
    if not Path(source).exists():
        advice = _advice(Path(source), param) or f"mend {param} or make it first (`dvc repro`, `dvc pull`)"
        raise InkError(f"{source}: expected a folder, a {kinds} file or a .zip of them, found nothing there; {advice}")


def _advice(source: Path, param: str) -> str:
    here = Path.cwd()
    workspace = next((above for above in here.parents if here.is_relative_to(above / _EXPERIMENTS)), None)
    if workspace is None or source.is_absolute():
        return ""
    original = Path(os.path.normpath(workspace / source))
    if not original.is_relative_to(workspace):
        return f"{_COPY}, from which paths out of the repository lead elsewhere: set {param} to {original}"
    if not original.exists():
        return ""
    track = f"`git add {source}.dvc`"
    if not original.with_name(f"{original.name}.dvc").exists():
        track = f"`dvc add {source}`, then {track}"
    return f"{_COPY}, which has only what git and DVC know: run {track} and try again"


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
