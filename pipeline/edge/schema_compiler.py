"""Makes Python of a flatbuffer schema: tables, unions and enumerations, for `pipeline.edge.flatbuffer_tables`.

    python -m pipeline.edge.schema_compiler      # after a change of metadata_schema.fbs

`flatc`, the compiler of FlatBuffers, would make classes that follow any offset of a hostile file. Here the schema
becomes data that one bounded reader goes by. It reads the part of the language that the schema uses:
https://flatbuffers.dev/grammar/
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pipeline.command import command_parser

SCHEMA = Path(__file__).with_name("metadata_schema.fbs")
MODULE = SCHEMA.with_suffix(".py")
SCALARS = ("byte", "ubyte", "int", "uint", "float")
_STATEMENT = re.compile(
    r"namespace\s+(?P<namespace>\w+)\s*;|root_type\s+(?P<root>\w+)\s*;|"
    r"file_identifier\s+\"(?P<identifier>\w{4})\"\s*;|"
    r"table\s+(?P<table>\w+)\s*\{(?P<fields>[^{}]*)\}|union\s+(?P<union>\w+)\s*\{(?P<members>[^{}]*)\}|"
    r"enum\s+(?P<enum>\w+)\s*:\s*(?P<scalar>\w+)\s*\{(?P<names>[^{}]*)\}"
)
_FIELD = re.compile(r"\s*(\w+)\s*:\s*(\w+|\[\w+\])\s*")
_HEADER = '''"""{title}

Generated from {schema} by `python -m pipeline.edge.schema_compiler`: do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
'''


class Schema(NamedTuple):
    """What a schema declares. A type is a scalar, "string", a table, a union, or one of these in brackets: a vector."""

    identifier: str  # four characters at byte 4 of every file
    root: str
    tables: dict[str, dict[str, str]]  # types of the fields, in the order of their slots
    unions: dict[str, tuple[str, ...]]  # tables; the first has the number 1
    enums: dict[str, tuple[str, ...]]  # names of the values from 0


def parse(text: str) -> Schema:
    """Reads a schema.

    Raises:
        ValueError: anything that is not of the part of the language that is read, or a type that nothing declares.
    """
    text = re.sub(r"//[^\n]*", "", text)
    schema = Schema("", "", {}, {}, {})
    scalars = {}
    at = 0
    for found in _STATEMENT.finditer(text):
        _expect_blank(text[at : found.start()])
        at = found.end()
        schema = schema._replace(identifier=found["identifier"] or schema.identifier, root=found["root"] or schema.root)
        if found["table"]:
            schema.tables[found["table"]] = _fields(found["fields"])
        elif found["union"]:
            schema.unions[found["union"]] = _names(found["members"])
        elif found["enum"]:
            schema.enums[found["enum"]] = _names(found["names"])
            scalars[found["enum"]] = found["scalar"]
    _expect_blank(text[at:])
    for fields in schema.tables.values():
        fields.update({name: scalars.get(kind, kind) for name, kind in fields.items()})
    _check(schema)
    return schema


def render(schema: Schema, title: str, source: str) -> str:
    """The module of a schema: IDENTIFIER, TABLES, UNIONS and a class for each enumeration."""
    lines = [_HEADER.format(title=title, schema=source), f'IDENTIFIER = b"{schema.identifier}"']
    lines += ["", "TABLES: Mapping[str, Mapping[str, str]] = {"]
    for table, fields in schema.tables.items():
        inner = [f'        "{name}": "{kind}",' for name, kind in fields.items()]
        lines += [f'    "{table}": {{', *inner, "    },"] if inner else [f'    "{table}": {{}},']
    lines += ["}", "UNIONS: Mapping[str, tuple[str, ...]] = {"]
    for union, members in schema.unions.items():
        inner = [f'        "{member}",' for member in members]
        lines += [f'    "{union}": (', *inner, "    ),"] if len(inner) > 1 else [f'    "{union}": ("{members[0]}",),']
    lines += ["}"]
    for enum, names in schema.enums.items():
        lines += ["", "", f"class {enum}(IntEnum):", f'    """Values of the schema\'s {enum}."""', ""]
        lines += [f"    {name} = {number}" for number, name in enumerate(names)]
    return "\n".join(lines) + "\n"


def compile_schema() -> str:
    """The text of the module that belongs to `SCHEMA`."""
    title = "TFLite's metadata: tables of the format, as data."
    return render(parse(SCHEMA.read_text(encoding="utf-8")), title, SCHEMA.name)


def _fields(text: str) -> dict[str, str]:
    *declarations, rest = text.split(";")
    _expect_blank(rest)
    fields: dict[str, str] = {}
    for declaration in declarations:
        field = _FIELD.fullmatch(declaration)
        if not field or field[1] in fields:
            raise ValueError(f"expected a new field `name: type`, found {declaration.strip()!r}")
        fields[field[1]] = field[2]
    return fields


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.removesuffix(",").split(","))
    if not all(map(str.isidentifier, names)) or len(set(names)) < len(names):
        raise ValueError(f"expected distinct names with commas between them, found {text.strip()!r}")
    return names


def _check(schema: Schema) -> None:
    known = {*SCALARS, "string", *schema.tables, *schema.unions}
    used = {kind.strip("[]") for fields in schema.tables.values() for kind in fields.values()}
    members = {member for union in schema.unions.values() for member in union}
    if unknown := sorted((used - known) | (members - set(schema.tables)) | ({schema.root} - set(schema.tables))):
        raise ValueError(f"expected scalars of {', '.join(SCALARS)}, tables and unions, found {', '.join(unknown)}")
    if not schema.identifier:
        raise ValueError("expected a file_identifier, found none")


def _expect_blank(text: str) -> None:
    if text.strip():
        raise ValueError(f"expected a table, union, enum or declaration, found {text.strip()[:60]!r}")


def main() -> None:
    """Command line."""
    command_parser("pipeline.edge.schema_compiler", __doc__).parse_args()
    MODULE.write_text(compile_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
