"""Reads and writes flatbuffers of TFLite's metadata; memory stays bounded even for a hostile file.

    data = encode("ModelMetadata", {"name": "…", "subgraph_metadata": [{"description": "…"}]})
    decode("ModelMetadata", data)["name"]

A table is a dict of its fields that are present. A union is a dict with one entry: {"ImageProperties": {…}}. The
generated module `pipeline.edge.metadata_schema` lists the tables. Packages that ship classes for this schema conflict
with this project's dependencies: tflite-support needs protobuf below 4, mediapipe another build of OpenCV.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
from flatbuffers import number_types
from flatbuffers.table import Table

from pipeline.edge.metadata_schema import IDENTIFIER, TABLES, UNIONS

MAX_ITEMS = 16  # per vector: tables may share their targets, so a small file could otherwise decode to any size

_NUMBERS = {
    "byte": number_types.Int8Flags,
    "ubyte": number_types.Uint8Flags,
    "int": number_types.Int32Flags,
    "uint": number_types.Uint32Flags,
    "float": number_types.Float32Flags,
}
_OFFSET = 4  # bytes

Value = Any  # str, a number, a list of one kind, or a dict


class _Field(NamedTuple):
    name: str
    kind: str
    slot: int


def encode(table: str, value: Mapping[str, Value]) -> bytes:
    """Encodes a table as a flatbuffer; equal values give equal bytes.

    Raises:
        KeyError: `value` has a field that the table lacks.
    """
    builder = flatbuffers.Builder()
    builder.Finish(_write_table(builder, table, value), IDENTIFIER)
    return bytes(builder.Output())


def decode(table: str, data: bytes) -> dict[str, Value]:
    """Decodes a flatbuffer; ignores fields that are absent from `TABLES`.

    Raises:
        ValueError: the data has another identifier, or is broken.
    """
    if data[4:8] != IDENTIFIER:
        raise ValueError(f"expected {IDENTIFIER!r} at byte 4, found {data[4:8]!r}")
    try:
        return _read_table(data, _follow(data, 0), table)
    except (IndexError, TypeError, struct.error) as error:
        raise ValueError(str(error)) from error


def _fields(table: str) -> Iterator[_Field]:
    """Yields the fields of a table with their slots. A union has two slots: its type and its offset."""
    slot = 0
    for name, kind in TABLES[table].items():
        yield _Field(name, kind, slot)
        slot += 2 if kind in UNIONS else 1


def _write_table(builder: flatbuffers.Builder, table: str, value: Mapping[str, Value]) -> int:
    unknown = set(value) - set(TABLES[table])
    if unknown:
        raise KeyError(f"{table} has no field {', '.join(sorted(unknown))}")
    slots: list[tuple[int, str, int | float]] = []
    # The targets of a table's offsets are written before the table.
    for name, kind, slot in _fields(table):
        if name not in value:
            continue
        if kind in UNIONS:
            ((member, content),) = value[name].items()
            slots.append((slot, "ubyte", UNIONS[kind].index(member) + 1))
            slots.append((slot + 1, "offset", _write(builder, member, content)))
        else:
            slots.append((slot, kind if kind in _NUMBERS else "offset", _write(builder, kind, value[name])))
    builder.StartObject(max((field.slot + 2 for field in _fields(table)), default=0))
    for slot, kind, content in slots:
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(slot, content, 0)
        else:
            builder.PrependSlot(_NUMBERS[kind], slot, content, None)
    return builder.EndObject()


def _write(builder: flatbuffers.Builder, kind: str, value: Value) -> Any:
    """Returns a number unchanged; writes any other value and returns its offset."""
    if kind in _NUMBERS:
        return value
    if kind == "string":
        return builder.CreateString(value)
    if not kind.startswith("["):
        return _write_table(builder, kind, value)
    item = kind[1:-1]
    if item in _NUMBERS:
        return builder.CreateNumpyVector(np.array(value, number_types.to_numpy_type(_NUMBERS[item])))
    places = [_write(builder, item, one) for one in value]
    builder.StartVector(_OFFSET, len(places), _OFFSET)
    for place in reversed(places):
        builder.PrependUOffsetTRelative(place)
    return builder.EndVector()


def _read_table(data: bytes, start: int, table: str) -> dict[str, Value]:
    content = Table(data, start)

    def place(slot: int) -> int:
        offset = content.Offset(4 + 2 * slot)  # the vtable begins with two sizes of two bytes
        return start + offset if offset else 0

    found = {}
    for name, kind, slot in _fields(table):
        if not place(slot):
            continue
        if kind not in UNIONS:
            found[name] = _read(data, place(slot), kind)
        elif 1 <= (member := _read(data, place(slot), "ubyte")) <= len(UNIONS[kind]) and place(slot + 1):
            member = UNIONS[kind][member - 1]
            found[name] = {member: _read(data, place(slot + 1), member)}
    return found


def _read(data: bytes, at: int, kind: str) -> Value:
    if kind in _NUMBERS:
        return Table(data, 0).Get(_NUMBERS[kind], at)
    target = _follow(data, at)
    if kind in TABLES:
        return _read_table(data, target, kind)
    length, first = _read(data, target, "uint"), target + _OFFSET
    if first + length > len(data):
        raise ValueError(f"expected data within {len(data)} bytes, found {length} bytes or items at byte {first}")
    if kind == "string":
        return data[first : first + length].decode("utf-8")
    if length > MAX_ITEMS:
        raise ValueError(f"expected at most {MAX_ITEMS} items in a vector, found {length}")
    item = kind[1:-1]
    width = _NUMBERS[item].bytewidth if item in _NUMBERS else _OFFSET
    return [_read(data, first + width * index, item) for index in range(length)]


def _follow(data: bytes, at: int) -> int:
    return at + _read(data, at, "uint")
