"""One member of a zip, unpacked within bounds. Data sources and the metadata of model files both come in zips."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from typing import IO

# What zipfile raises for damaged zips, names that are no UTF-8, places outside the file, passwords, and LZMA whose
# dictionary is larger than memory.
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
# Python unpacks 4 KiB of a member in one step. Deflate gives no more of it than is asked for, LZMA up to 28 MiB; bzip2
# can give gigabytes.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)


def open_member(archive: zipfile.ZipFile, member: str | int) -> IO[bytes]:
    """The bytes of a zip's member, by its name or number: never more of them than the directory declares.

    Raises:
        KeyError: no such member.
        ZIP_ERRORS: it cannot be unpacked; reading on may raise them too.
    """
    info = archive.getinfo(member) if isinstance(member, str) else archive.infolist()[member]
    if info.compress_type not in METHODS:
        raise NotImplementedError(
            f"compression method {info.compress_type}, expected stored, deflated or LZMA; zip it again"
        )
    return archive.open(info)
