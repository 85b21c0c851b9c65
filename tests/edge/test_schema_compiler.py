"""The tables of the metadata are those of their schema, and FlatBuffers' own compiler reads what is written by them."""

import json
import shutil
import subprocess

import pytest

from fuzz import models
from pipeline.edge.flatbuffer_tables import decode
from pipeline.edge.schema_compiler import MODULE, SCHEMA, Schema, compile_schema, parse, render

SMALL = """
namespace any;  // a comment; with { all } of it
enum Kind : byte { NONE, SOME }
table Leaf { kind: Kind; sizes: [uint]; }
table Empty {}
union Choice { Leaf, Empty }
table Root { name: string; leaves: [Leaf]; choice: Choice; }
file_identifier "ABCD";
root_type Root;
"""


def test_the_module_is_what_the_schema_gives():
    assert MODULE.read_text(encoding="utf-8") == compile_schema(), "run `python -m pipeline.edge.schema_compiler`"


def test_tables_unions_and_enumerations():
    assert parse(SMALL) == Schema(
        identifier="ABCD",
        root="Root",
        tables={
            "Leaf": {"kind": "byte", "sizes": "[uint]"},
            "Empty": {},
            "Root": {"name": "string", "leaves": "[Leaf]", "choice": "Choice"},
        },
        unions={"Choice": ("Leaf", "Empty")},
        enums={"Kind": ("NONE", "SOME")},
    )


def test_the_module_says_what_the_schema_does():
    found: dict = {}
    exec(compile(render(parse(SMALL), "A title.", "small.fbs"), "small.py", "exec"), found)
    schema = parse(SMALL)
    assert found["__doc__"].startswith("A title.\n\nGenerated from small.fbs by ")
    assert (found["IDENTIFIER"], found["TABLES"], found["UNIONS"]) == (b"ABCD", schema.tables, schema.unions)
    assert {kind.name: kind.value for kind in found["Kind"]} == {"NONE": 0, "SOME": 1}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("table Empty {}", "struct Empty {}", "expected a table, union, enum or declaration, found 'struct Empty {}'"),
        ("name: string;", "name: string (required);", "expected a new field `name: type`, found 'name: string "),
        ("name: string;", "name: string; name: int;", "expected a new field `name: type`, found 'name: int'"),
        ("name: string;", "name: string", "expected a new field `name: type`, found 'name: string "),
        ("NONE, SOME", "NONE = 0, SOME", "expected distinct names with commas between them, found 'NONE = 0, SOME'"),
        ("NONE, SOME", "SOME, SOME", "expected distinct names with commas between them"),
        ("[uint]", "[ulong]", "expected scalars of byte, ubyte, int, uint, float, tables and unions, found ulong"),
        ("union Choice { Leaf, ", "union Choice { Twig, ", "tables and unions, found Twig"),
        ("root_type Root", "root_type Trunk", "tables and unions, found Trunk"),
        ('file_identifier "ABCD";', "", "expected a file_identifier, found none"),
        ("root_type Root;", "root_type Root", "expected a table, union, enum or declaration, found 'root_type Root'"),
    ],
)
def test_what_is_not_understood_is_refused(before, after, message):
    assert before in SMALL
    with pytest.raises(ValueError, match=r".+") as error:
        parse(SMALL.replace(before, after))
    assert message in str(error.value)


def flatc(folder, *arguments):
    subprocess.run(["flatc", "-o", str(folder), *map(str, arguments)], check=True)


@pytest.mark.skipif(shutil.which("flatc") is None, reason="flatc, the compiler of FlatBuffers, is not installed")
def test_flatc_reads_what_is_written_and_writes_what_is_read(tmp_path):
    for number, data in enumerate(models.seeds()[2:]):
        path, text = tmp_path / f"{number}.bin", tmp_path / f"{number}.json"
        path.write_bytes(data)
        flatc(tmp_path, "--json", "--strict-json", "--raw-binary", SCHEMA, "--", path)
        path.unlink()
        (image,) = json.loads(text.read_text(encoding="utf-8"))["subgraph_metadata"][0]["input_tensor_metadata"]
        assert image["content"] == {
            "content_properties_type": "ImageProperties",
            "content_properties": {"color_space": "GRAYSCALE", "default_size": {"width": 5, "height": 5}},
        }
        flatc(tmp_path, "--binary", SCHEMA, text)
        assert decode("ModelMetadata", path.read_bytes()) == decode("ModelMetadata", data)
