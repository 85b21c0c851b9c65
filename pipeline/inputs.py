"""Checks that inputs exist, and that they do not change while a stage reads them: that would change its output.

before = stamps("data/raw/casia")
...                                             # list and read
check_unchanged("data/raw/casia", before)
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

from pipeline.errors import InkError
from pipeline.files import write_text
from pipeline.stores import is_hidden, is_remote, list_blobs, visible_blobs

Stamps = dict[str, tuple[int, float, str] | None]
"""Size in bytes, modification time and ETag (in a store) of each file, by its path; None if it cannot be examined."""

_EXPERIMENTS = Path(".dvc/tmp/exps")  # DVC makes temporary workspaces there: `tmp*` and `standalone/tmp*`
_COPY = "this is a temporary copy of the workspace (`dvc exp run --temp` or `--queue`)"


def stamps(path: Path | str, files: Iterable[Path] | None = None) -> Stamps:
    """Returns the stamps of a file, or of `files` below a folder.

    By default, `files` are all files except hidden ones; links to folders are not followed.
    """
    if is_remote(path):
        blobs = visible_blobs(str(path))
        return {name: (blob.size, blob.updated, blob.etag) for name, blob in blobs.items()}
    root = Path(path)
    if files is None:
        files = [root] if root.is_file() else [file for file in root.rglob("*") if not file.is_dir()]
    names = {file.relative_to(root): file for file in files}
    return {name.as_posix(): _stamp(file) for name, file in names.items() if not is_hidden(name)}


def check_unchanged(path: Path | str, before: Stamps, files: Iterable[Path] | None = None) -> None:
    """Checks that an input has not changed since `stamps` returned `before` for the same kind of `files`.

    Raises:
        InkError: files appeared, disappeared or changed; names the first.
    """
    after = stamps(path, files)
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if not changed:
        return
    name, more = changed[0], f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    how = "is gone" if name not in after else "is new" if name not in before else "changed"
    shown = f"{path}/{name}" if is_remote(path) else str(Path(path) / name)
    raise InkError(
        f"{shown}{more}: expected files to stay unchanged while they are read, found that the first {how}; stop "
        "whatever writes there and run again"
    )


def absolute(source: str) -> str:
    """The path of a source that is valid in other folders."""
    return source if is_remote(source) else str(Path(source).absolute())


def check_there(source: Path | str, kinds: str, param: str) -> None:
    """Checks that the input that `param` names exists.

    Raises:
        InkError: it does not exist. In a workspace of `dvc exp run --temp` or `--queue`, the message explains why.
    """
    if is_remote(source):
        if not list_blobs(str(source)):
            raise InkError(
                f"{source}: expected a folder, a {kinds} file or a .zip of them, found no object; check the names of "
                f"the bucket and the folder, or correct {param}"
            )
    elif not Path(source).exists():
        advice = _advice(Path(source), param) or f"correct {param} or make it first (`dvc repro`, `dvc pull`)"
        raise InkError(f"{source}: expected a folder, a {kinds} file or a .zip of them, found nothing there; {advice}")


def record_source(source: str, kinds: str, param: str, out: Path) -> None:
    """Writes the path of a source to `out`, if the source exists or DVC can make or fetch it.

    Raises:
        InkError: see `check_there`.
    """
    if not _comes_from_dvc(source):
        check_there(source, kinds, param)
    write_text(out, f"{source}\n")


def _comes_from_dvc(source: str) -> bool:
    """Whether a path or one of its parents is an output in dvc.yaml or has a .dvc file."""
    stages = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
    listed = [out for stage in stages for out in stage.get("outs", [])]
    outputs = {os.path.normpath(next(iter(out)) if isinstance(out, dict) else out) for out in listed}
    path = Path(os.path.normpath(source))
    return any(str(p) in outputs or p.with_name(f"{p.name}.dvc").exists() for p in (path, *path.parents) if p.name)


def _advice(source: Path, param: str) -> str:
    here = Path.cwd()
    workspace = next((above for above in here.parents if here.is_relative_to(above / _EXPERIMENTS)), None)
    if workspace is None or source.is_absolute():
        return ""
    original = Path(os.path.normpath(workspace / source))
    if not original.is_relative_to(workspace):
        return f"{_COPY}, where a relative path out of the repository leads elsewhere: set {param} to {original}"
    if not original.exists():
        return ""
    track = f"`git add {source}.dvc`"
    if not original.with_name(f"{original.name}.dvc").exists():
        track = f"`dvc add {source}`, then {track}"
    return f"{_COPY}, which contains only files that git or DVC tracks: run {track} and try again"


def _stamp(file: Path) -> tuple[int, float, str] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, ""
