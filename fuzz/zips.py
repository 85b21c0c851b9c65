"""Zips of `.gnt` files: entries or an `InkError`, and no more unpacked than the zip declares and the bound allows.

Bytes that start like a zip are read as one. All others are choices: members with names, sizes, methods and offsets that
no real packer writes.
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from fuzz.choices import Choices
from fuzz.scratch import folder
from pipeline.errors import InkError
from pipeline.formats import archives
from pipeline.formats.entries import read_entries
from pipeline.formats.gnt import GntRecord, encode_record
from pipeline.formats.not_read import NotRead
from pipeline.formats.search import find_entries
from pipeline.formats.sources import GNT, Unit, read_unit, take_stock
from pipeline.formats.unpacking import Room

ALWAYS = 1 << 16  # bytes; `archives.ALWAYS_UNPACKED`, lowered so that an execution is quick
LIMIT = 1 << 12  # bytes read of an entry
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_NAMES = (
    *(b"1001-f.gnt", b"1002-f.gnt", b"a/b/1001-f.GNT", b"../x.gnt", b"/etc/x.gnt", b"a/../../x.gnt", b"C:\\x.gnt"),
    *(b"x\ny.gnt", b"x\0.gnt", b"x.gnt\0.txt", b"\xff\xfe.gnt", b"\xed\xa0\x80.gnt", b".gnt", b"x.gnt/", b"", b"n.zip"),
    *(b"n.tar", b"n.tgz", b"1001-f.gnt.gz", b"a\\1003-f.gnt", "手.gnt".encode("gbk"), "手.gnt".encode(), b"n.rar"),
)


def check(data: bytes) -> None:
    """What `take_stock` and `find_entries` find, and every byte of what they found."""
    path = folder() / "source.zip"
    path.write_bytes(data if data.startswith(b"PK") else built(Choices(data)))
    check_source(path)


def check_source(path: Path) -> None:
    """The contract of a source that is one archive."""
    room = folder() / "room"
    for kept in room.glob("*"):
        kept.unlink()
    with patch.object(archives, "ALWAYS_UNPACKED", ALWAYS):
        try:
            stock = take_stock(path, Room(room))
        except InkError as error:
            str(error).encode()
        else:
            _check_names(stock.not_read)
            _check_units(stock.units, path, room)
        try:
            found = find_entries(path, (GNT, ".txt"), "x.source", Room(room))
        except InkError:
            return
        for entry, content in zip(found.entries, read_entries(found.entries, LIMIT), strict=True):
            assert isinstance(content, Exception) or len(content) <= min(LIMIT + 1, entry.size)


def _check_names(files: list[NotRead]) -> None:
    for file in files:
        assert file.reason
        assert "".join(file).isprintable()
        "".join(file).encode()


def _check_units(units: list[Unit], path: Path, room: Path) -> None:
    allowed = max(ALWAYS, archives.MAX_RATIO * path.stat().st_size)
    assert sum(unit.size for unit in units if unit.packed) <= allowed
    assert sum(kept.stat().st_size for kept in room.glob("*")) <= 2 * allowed
    for unit in units:
        assert Path(unit.place.path) == path or Path(unit.place.path).parent == room
        assert not unit.unpacked.is_absolute()
        assert ".." not in unit.unpacked.parts
        assert unit.prefix.isprintable()
        items = list(read_unit(unit))
        assert [item.index for item in items] == list(range(len(items)))
        offsets = [item.offset for item in items]
        assert offsets == sorted(set(offsets))
        assert sum(item.pixels.size for item in items if isinstance(item, GntRecord)) <= unit.size
        assert offsets[-1] <= unit.size


class _Member(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed: bytes
    packed_size: int  # as the directory says, and the next two
    size: int
    offset: int


def built(choices: Choices) -> bytes:
    """A zip of up to eight members."""
    body = b""
    members: list[_Member] = []
    while choices and len(members) < 8:
        member = _member(choices, len(body), members)
        members.append(member)
        body += _local(member)
    directory = b"".join(map(_central, members))
    count = choices.pick((len(members), 0, len(members) + 1))
    start = len(body) + choices.pick((0, 1, 0xFFFF))
    return body + directory + _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), start, 0)


def _member(choices: Choices, here: int, others: list[_Member]) -> _Member:
    content = choices.pick((*_contents(), None))
    content = choices.bytes(64) if content is None else content
    method = choices.pick((8, 0, 12, 14, 99))
    packed = _deflated(content) if method == 8 else bz2.compress(content) if method == 12 else content
    lies = (0, 10, 1 << 16, 0xFFFFFFFF)
    return _Member(
        name=choices.pick(_NAMES),
        flags=choices.pick((0, 0x800, 1, 8, 0x20)),
        method=method,
        crc=zlib.crc32(content) ^ choices.pick((0, 1)),
        packed=packed,
        packed_size=choices.pick((len(packed), len(packed) - 1, *lies)),
        size=choices.pick((len(content), len(content) + 1, *lies)),
        offset=choices.pick((here, others[0].offset if others else 0, here + 1, 0xFFFFFFFE)),
    )


def _deflated(content: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(content) + deflate.flush()


def _local(member: _Member) -> bytes:
    sizes = (member.crc, member.packed_size & 0xFFFFFFFF, member.size, len(member.name), 0)
    return _LOCAL.pack(b"PK\3\4", 20, member.flags, member.method, 0, 0x21, *sizes) + member.name + member.packed


def _central(member: _Member) -> bytes:
    sizes = (member.crc, member.packed_size & 0xFFFFFFFF, member.size, len(member.name), 0, 0, 0, 0, 0)
    head = _CENTRAL.pack(b"PK\1\2", 20, 20, member.flags, member.method, 0, 0x21, *sizes, member.offset)
    return head + member.name


@cache
def _contents() -> tuple[bytes, ...]:
    good = encode_record("啊", np.full((5, 4), 9, np.uint8)) + encode_record("A", np.full((2, 3), 7, np.uint8))
    return good, good[:-3], b"", bytes(100_000), good + bytes(40)


def seeds() -> list[bytes]:
    """Choices of one and of two members, and the zips that these make."""
    chosen = [bytes(8), bytes(8) + b"\0\0\1" + bytes(5), b"\3" + bytes(7), bytes(6) + b"\3\0", *_each_name()]
    return chosen + [built(Choices(data)) for data in chosen[:4]]


def _each_name() -> Iterator[bytes]:
    for index in range(len(_NAMES)):
        yield b"\0\0" + bytes([index]) + bytes(5)
