"""Unpacks one member of a zip within limits, for data sources and for the metadata of model files."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from typing import IO

# Raised by zipfile for damaged zips, names that are not UTF-8, offsets outside the file, passwords, and LZMA
# dictionaries larger than memory.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
    OSError,
)
# Python decompresses 4 KiB of a member in one step. Deflate returns no more than requested and LZMA up to 28 MiB, but
# bzip2 may return gigabytes.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)


def open_member(archive: zipfile.ZipFile, member: str | int) -> IO[bytes]:
    """Opens a zip member by name or number. Reads no more bytes than the directory declares.

    Raises:
        KeyError: no such member.
        ZIP_ERRORS: the member cannot be unpacked; later reads may also raise these.
    """
    info = archive.getinfo(member) if isinstance(member, str) else archive.infolist()[member]
    if info.compress_type not in METHODS:
        raise NotImplementedError(
            f"compression method {info.compress_type}, expected stored, deflated or LZMA; zip it again"
        )
    return archive.open(info)
