"""Nested archives (tar, gzip, bzip2 and zip) as one source; the contract is that of `fuzz.zips`.

Bytes with the signature of tar, gzip or bzip2 are such an archive. All others are choices: nesting, names, and bytes to
overwrite at the end.
"""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
from functools import cache

import numpy as np

from fuzz.choices import Choices
from fuzz.scratch import folder
from fuzz.zips import check_source
from pipeline.formats.gnt import encode_record

_DEEPEST = 6  # levels of nested archives
_NAMES = (
    *(
        "1001-f.gnt",
        "1002-f.gnt",
        "a/1003-f.gnt",
        "../x.gnt",
        "/x.gnt",
        ".x.gnt",
        "x\ny.gnt",
        "手.gnt",
        "x.rar",
        "y" * 120,
    ),
    *(
        "1001-f.gnt.gz",
        "x.tar",
        "x.zip",
        "x.tgz",
        "x.tar.bz2",
        "x.gnt.bz2",
        "d/",
        "x.txt",
        "x.gnt/y.gnt",
        "x\udcff.gnt",
    ),
)
_TYPES = (
    *(tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE, b"Z"),
)
_ATTRIBUTES: tuple[dict[str, str], ...] = (
    *({}, {"path": "1009-f.gnt"}, {"size": "-1"}, {"size": "0"}, {"size": "99999999999999999999"}, {"size": "600"}),
    *({"linkpath": "1001-f.gnt"}, {"GNU.sparse.major": "1"}, {"path": "../y.gnt"}, {"path": ""}),
)


def check(data: bytes) -> None:
    """Checks the entries that the search finds in an archive, and reads all their bytes."""
    if data[257:262] == b"ustar":
        name, content = "source.tar", data
    elif data.startswith(b"\x1f\x8b"):
        name, content = "source.tar.gz", data
    elif data.startswith(b"BZh"):
        name, content = "source.tar.bz2", data
    else:
        choices = Choices(data)
        name = choices.pick(
            ("source.tar", "source.zip", "source.tgz", "source.gnt.gz", "source.tar.bz2", "source.zip.gz")
        )
        content = _content(choices, name, 0)
    path = folder() / name
    path.write_bytes(content)
    check_source(path)
    path.unlink()


def _content(choices: Choices, name: str, depth: int) -> bytes:
    """The content of a file with this name; sometimes of another kind than its name says."""
    if choices.integer(1) == 255 or depth == _DEEPEST:
        return choices.pick((*_files(), choices.bytes(32)))
    if name.endswith((".gz", ".bz2", ".tgz")):
        inner = name.removesuffix(".gz").removesuffix(".bz2").replace(".tgz", ".tar")
        content = _content(choices, inner, depth)
        return _edited(
            choices, bz2.compress(content, 1) if name.endswith("bz2") else gzip.compress(content, 1, mtime=0)
        )
    if name.endswith(".tar"):
        return _edited(choices, _tar(choices, depth))
    if name.endswith(".zip"):
        return _edited(choices, _zip(choices, depth))
    return choices.pick(_files())


def _tar(choices: Choices, depth: int) -> bytes:
    buffer = io.BytesIO()
    form = choices.pick((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    with tarfile.open(fileobj=buffer, mode="w", format=form, errors="surrogateescape", bufsize=512) as archive:
        for _ in range(1 + choices.integer(1) % 3):
            info = tarfile.TarInfo(choices.pick(_NAMES))
            info.type = choices.pick(_TYPES)
            info.linkname = choices.pick(_NAMES)
            info.pax_headers = choices.pick(_ATTRIBUTES)
            content = _content(choices, info.name, depth + 1)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _zip(choices: Choices, depth: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(1 + choices.integer(1) % 3):
            name = choices.pick(_NAMES).encode("utf-8", "replace").decode()
            info = zipfile.ZipInfo(f"{number}/{name}")
            info.compress_type = choices.pick((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            archive.writestr(info, _content(choices, name, depth + 1))
    return buffer.getvalue()


def _edited(choices: Choices, data: bytes) -> bytes:
    """The data unchanged, with a few bytes overwritten, or truncated."""
    how = choices.integer(1)
    if how < 192 or not data:
        return data
    at = choices.integer(2) % len(data)
    if how < 224:
        return data[:at]
    piece = choices.bytes(4)
    return data[:at] + piece + data[at + len(piece) :]


@cache
def _files() -> tuple[bytes, ...]:
    good = encode_record("啊", np.full((5, 4), 9, np.uint8)) + encode_record("A", np.full((2, 3), 7, np.uint8))
    return good, good[:-3], b"", bytes(100_000)


def seeds() -> list[bytes]:
    """Choices for each kind of archive and for nested archives, and some of the resulting archives."""
    chosen = [bytes([kind, *rest]) for kind in range(6) for rest in (bytes(8), bytes([0, 0, 2, *range(40)]))]
    nested = [bytes([0, 0, 0, 0, kind, 0, 0, 0, *bytes(9)]) for kind in range(10, 16)]
    made = [_content(Choices(data[1:]), name, 0) for data in nested for name in ("x.tar", "x.tgz", "x.tar.bz2")]
    return [*chosen, *nested, *(data for data in made if len(data) < 1 << 13)]
