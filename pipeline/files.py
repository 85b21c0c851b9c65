"""Writes outputs completely or not at all: first under a temporary name in the same folder, then renamed."""

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
    """Returns the name under which `path` is written until it is complete: `shards.partial`, `model.partial.keras`.

    The name is fixed, so a rerun finds and removes what a killed run left. The suffix stays, because some writers
    choose their format by it.
    """
    return path.with_name(f"{path.stem}.partial{path.suffix}")


def final_path(partial: Path) -> Path:
    """Returns the path of which `partial_path` made a folder's temporary name."""
    return partial.with_name(partial.name.removesuffix(".partial"))


@contextlib.contextmanager
def atomic_directory(path: Path | str) -> Iterator[Path]:
    """Yields an empty directory that replaces `path` when the block ends without an exception.

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
        if final.exists():  # not removed here: a removal takes time, and a kill would leave half of it
            os.rename(final, old)
        os.rename(partial, final)
    remove(old)


@contextlib.contextmanager
def atomic_file(path: Path | str, *, durable: bool = False, shared: bool = False) -> Iterator[Path]:
    """Yields a path to write to, which is renamed to `path` when the block ends without an exception.

    Args:
        path: final path of the file.
        durable: once the block ends, the file survives a power cut. This waits for the disk. Outputs of stages do not
            need it: DVC records the hash of each output and makes it again if the hash differs.
        shared: other processes may write the same file at the same time; the last one wins. Each process writes its
            own partial file; the caller removes partial files of killed processes.

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
    """Flushes the content of a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems support this only for files
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def removed_unless_done(partial: Path, final: Path) -> Iterator[None]:
    """Guards a block that writes `partial` and renames it to `final`; removes `partial` if the block fails.

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
    """Whether the error means that a disk or a quota is full."""
    return error.errno in _FULL


def no_room(path: Path | str, error: OSError) -> InkError:
    """Returns the error for a disk that is too full to hold `path`."""
    reason = os.strerror(error.errno or errno.ENOSPC)  # Arrow sets `error.strerror` to its own sentence
    return InkError(
        f"{path}: expected free space on its disk, found none ({reason}); free some and run again: no output is "
        "half-written"
    )


def read_plain(path: Path | str, limit: int = -1) -> bytes:
    """Returns the bytes of a regular file, at most `limit`. Refuses pipes and devices, because they may never end.

    Raises:
        OSError: the path is not a regular file, or it cannot be read; `strerror` says what was found.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder")
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "not a regular file" if path.exists() else "no such file")
    with path.open("rb") as file:
        return file.read(limit)


def write_text(path: Path | str, text: str) -> None:
    """Writes UTF-8 text with Unix line endings, atomically."""
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_json(path: Path | str) -> Any:
    """Returns the value that a JSON file holds."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path: Path | str, value: Mapping | list) -> None:
    """Writes JSON that suits people and `git diff`: indented, UTF-8, keys in the order given; atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def remove(path: Path) -> None:
    """Removes a file or a tree, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
