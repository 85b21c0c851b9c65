"""Replaces the folder of an export completely, and only if an export wrote all files in it.

    replace_folder(Path("bundles/hccr-dynamic"), {"README.md": b"..."})
    cd bundles/hccr-dynamic && sha256sum --check SHA256SUMS

`SHA256SUMS` lists the files that the export wrote. The export never removes a file that is not in the list or that was
edited since.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import InkError
from pipeline.files import is_full, no_room, remove

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_SHOWN = 5  # largest number of files in a message


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes `files` (content by name) and their checksums to `folder` and replaces those of an earlier export.

    A reader finds either the old files or the new ones. If the process is killed, a hidden folder may remain next to
    `folder`.

    Raises:
        InkError: the folder holds files that no export wrote, or it cannot be written.
    """
    try:
        written = _written(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        # A unique name: a folder with a fixed name might belong to the user.
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
        try:
            _swap(folder, scratch, {**files, SUMS: _sums(files)}, written)
        finally:
            remove(scratch / "new")
            with contextlib.suppress(OSError):  # not empty if somebody has added a file to the folder meanwhile
                scratch.rmdir()
    except OSError as error:
        if is_full(error):
            raise no_room(folder, error) from error
        raise InkError(f"{folder}: expected a place to write the bundle, found {error.strerror}") from error


def _swap(folder: Path, scratch: Path, files: Mapping[str, bytes], written: list[str]) -> None:
    """Writes `files` to `scratch`, swaps them with `folder` and removes the earlier files, `written`."""
    new, old = scratch / "new", scratch / "old"
    new.mkdir()
    for name, content in files.items():
        (new / name).write_bytes(content)
    if folder.exists():
        os.rename(folder, old)
    os.rename(new, folder)
    if old.exists():
        for name in written:
            (old / name).unlink(missing_ok=True)
        old.rmdir()


def _sums(files: Mapping[str, bytes]) -> bytes:
    """The checksums in the format of `sha256sum`."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def _written(folder: Path) -> list[str]:
    """The names of the files in `folder`, after checking that an earlier export wrote all of them.

    Raises:
        InkError: `folder` is not a folder, or holds other or edited files.
    """
    if not os.path.lexists(folder):
        return []
    if folder.is_symlink() or not folder.is_dir():
        found = "a link" if folder.is_symlink() else "a file"
        raise InkError(f"{folder}: expected a folder to write to, found {found}; choose another place with --to")
    sums = _read_sums(folder / SUMS)
    names = sorted(path.name for path in folder.iterdir())
    foreign = [name for name in names if _digest(folder / name) != sums.get(name) and not (name == SUMS and sums)]
    if foreign:
        shown = ", ".join(foreign[:_SHOWN]) + (", ..." if len(foreign) > _SHOWN else "")
        raise InkError(
            f"{folder}: expected only files that an export wrote, found other or edited ones ({shown}); move them "
            "elsewhere, or choose another place with --to"
        )
    return names


def _read_sums(path: Path) -> dict[str, str]:
    """SHA-256 by name; empty if the file is missing or has another format."""
    if path.is_symlink() or not path.is_file():
        return {}
    lines = [_LINE.fullmatch(line) for line in path.read_bytes().decode(errors="replace").splitlines()]
    return {line[2]: line[1] for line in lines if line} if all(lines) else {}


def _digest(path: Path) -> str:
    """SHA-256 of a plain file; for anything else, a text that matches no checksum."""
    if path.is_symlink() or not path.is_file():
        return "no plain file"
    return hashlib.sha256(path.read_bytes()).hexdigest()
