"""Metadata are read as they were written; other bytes are reported as such."""

import hashlib

import numpy as np
import pytest

from fuzz import models
from pipeline.edge import flatbuffer_tables
from pipeline.edge.flatbuffer_tables import decode, encode

IMAGE = {"ImageProperties": {"color_space": 2, "default_size": {"width": 2**32 - 1, "height": 0}}}
TENSOR = {
    "name": "一",
    "dimension_names": ["height", "", "width"],
    "content": {"content_properties": IMAGE, "range": {"min": -1, "max": 3}},
    "process_units": [{"options": {"NormalizationOptions": {"mean": [0.5, -1.25], "std": []}}}, {}],
}
MODEL = {
    "name": "a model",
    "subgraph_metadata": [{"output_tensor_metadata": [TENSOR, {}]}],
    "associated_files": [{"name": "labels.txt", "type": 2}],
}


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("ModelMetadata", MODEL),
        ("ModelMetadata", {}),
        ("TensorMetadata", TENSOR),
        ("BoundingBoxProperties", {"index": [1, 0, 3, 2], "type": 0, "coordinate_type": -128}),
        ("Content", {"content_properties": {"FeatureProperties": {}}}),
    ],
)
def test_what_is_written_is_read(table, value):
    assert decode(table, encode(table, value)) == value


def test_the_same_value_gives_the_same_bytes():
    assert encode("ModelMetadata", MODEL) == encode("ModelMetadata", dict(reversed(MODEL.items())))


# SHA-256 of the metadata of a classifier and of a detector: another encoder must write the same bytes.
BYTES = [
    "c19fbf9d3fa521e4665bacf43c4c5426dfd51c7f374f75e852057cbc26d59820",
    "e9af74dbf05cff361017b432468447808574e47b6025266e6170801dfc47a917",
]


def test_metadata_keep_their_bytes():
    assert [hashlib.sha256(data).hexdigest() for data in models.seeds()[2:]] == BYTES


def test_bytes_of_the_format():
    """In the layout of flatc's code: identifier, vtable, one string."""
    data = encode("AssociatedFile", {"name": "x", "type": 2})
    assert data[4:8] == b"M001"
    root = int.from_bytes(data[:4], "little")
    vtable = root - int.from_bytes(data[root : root + 4], "little", signed=True)
    sizes = np.frombuffer(data, "<u2", 5, vtable).tolist()
    assert sizes[0] >= 4 + 2 * 3  # bytes of a vtable with three fields
    name, description, kind = sizes[2:]
    assert description == 0
    assert data[root + kind] == 2
    text = root + name + int.from_bytes(data[root + name : root + name + 4], "little")
    assert data[text : text + 6] == b"\1\0\0\0x\0"


def test_a_member_that_is_not_known_is_left_out(monkeypatch):
    data = encode("Content", {"content_properties": IMAGE, "range": {"max": 1}})
    monkeypatch.setitem(flatbuffer_tables.UNIONS, "ContentProperties", ("FeatureProperties",))
    assert decode("Content", data) == {"range": {"max": 1}}


def test_a_field_that_is_not_known_is_refused():
    with pytest.raises(KeyError, match="AssociatedFile has no field locale, size"):
        encode("AssociatedFile", {"name": "x", "size": 1, "locale": "zh"})


def test_a_vector_is_bounded():
    many = {"associated_files": [{"name": "x"}] * 17}
    with pytest.raises(ValueError, match="expected at most 16 items in a vector, found 17"):
        decode("ModelMetadata", encode("ModelMetadata", many))


@pytest.mark.parametrize("data", [b"", b"M001", b"\0" * 40, b"\x1c\0\0\0M001", b"\xff\xff\xff\xffM001" + b"\xff" * 40])
def test_what_is_no_metadata_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        decode("ModelMetadata", data)


def test_damage_is_refused_or_read():
    data, rng = encode("ModelMetadata", MODEL), np.random.default_rng(0)
    refusals = 0
    for _ in range(2000):
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[rng.integers(8, len(data), 4)] = rng.integers(0, 256, 4)
        try:
            decode("ModelMetadata", damaged.tobytes())
        except ValueError:
            refusals += 1
    assert refusals > 200
