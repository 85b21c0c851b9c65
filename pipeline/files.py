"""Outputs that appear whole or not at all: everything is written beside its final name, then renamed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InkError

_FULL = {errno.ENOSPC, errno.EDQUOT}


def partial_path(path: Path) -> Path:
    """Where `path` is written until it is complete: `shards.partial`, `model.partial.keras`.

    One fixed name, so that a rerun finds and removes what a kill left; the suffix stays, since some writers choose
    their format by it.
    """
    return path.with_name(f"{path.stem}.partial{path.suffix}")


@contextlib.contextmanager
def atomic_directory(path: Path | str) -> Iterator[Path]:
    """Yields an empty directory that takes the place of `path` when the block ends without an exception.

    Raises:
        InkError: the disk is full.
    """
    final = Path(path)
    partial, old = partial_path(final), partial_path(final.with_name(f"{final.name}.old"))
    with removed_unless_done(partial, final):
        remove(partial)
        remove(old)
        partial.mkdir(parents=True)
        yield partial
        if final.exists():  # removing it takes time, in which it would be half there
            os.rename(final, old)
        os.rename(partial, final)
    remove(old)


@contextlib.contextmanager
def atomic_file(path: Path | str, *, durable: bool = False, shared: bool = False) -> Iterator[Path]:
    """Yields a path to write to; it is renamed to `path` when the block ends without an exception.

    Args:
        path: of the file.
        durable: once the block ends, the file outlasts a power cut. Outputs of stages do without it, since that waits
            for the disk: DVC notes the hash of each and makes again what it finds changed.
        shared: other processes may write the same file at the same time; the last one stays. Each writes a partial
            file with a name of its own; the caller removes those that killed processes leave.

    Raises:
        InkError: the disk is full.
    """
    final = Path(path)
    partial = partial_path(final.with_name(f"{final.stem}.{uuid.uuid4().hex}{final.suffix}") if shared else final)
    with removed_unless_done(partial, final):
        final.parent.mkdir(parents=True, exist_ok=True)
        remove(partial)
        yield partial
        if durable:
            _write_through(partial)
        os.replace(partial, final)
    if durable:
        _write_through(final.parent)


def _write_through(path: Path) -> None:
    """Has what a file or a folder holds written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems do this for files only
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def removed_unless_done(partial: Path, final: Path) -> Iterator[None]:
    """A block that writes `partial` and renames it to `final`: what it leaves unfinished is removed.

    Raises:
        InkError: the disk is full.
    """
    try:
        yield
    except OSError as error:
        remove(partial)
        if is_full(error):
            raise no_room(final, error) from error
        raise
    except BaseException:
        remove(partial)
        raise


def is_full(error: OSError) -> bool:
    """Whether there was no room left on a disk, or in a quota."""
    return error.errno in _FULL


def no_room(path: Path | str, error: OSError) -> InkError:
    """The error of a disk that is too full for `path`."""
    reason = os.strerror(error.errno or errno.ENOSPC)  # Arrow puts a sentence of its own in `error.strerror`
    return InkError(
        f"{path}: expected room on its disk, found none left ({reason}); make some and run again: nothing half-written "
        "stands in its place"
    )


def read_plain(path: Path | str, limit: int = -1) -> bytes:
    """The bytes of a plain file, at most `limit` of them. Pipes and devices are none: they may never end.

    Raises:
        OSError: there is no plain file, or it cannot be read; `strerror` says what was found.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder")
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no plain file" if path.exists() else "no such file")
    with path.open("rb") as file:
        return file.read(limit)


def write_text(path: Path | str, text: str) -> None:
    """Writes UTF-8 text with Unix line ends, atomically."""
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_json(path: Path | str) -> Any:
    """The value that a JSON file holds."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path: Path | str, value: Mapping | list) -> None:
    """Writes JSON as people and `git diff` read it: indented, UTF-8, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def remove(path: Path) -> None:
    """Removes a file or a tree, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
