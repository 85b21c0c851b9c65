"""A model with metadata computes the same as before, and any reader of the format finds the metadata it needs."""

import io
import json
import zipfile

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tflite

from fuzz import REGRESSIONS
from pipeline.edge import flatbuffer_tables, gate, metadata
from pipeline.edge.export import export_tflite, image_input
from pipeline.edge.graph import read_graph
from pipeline.edge.litert import Runner
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError
from tests.edge import tiny_detector

LABELS = tuple(chr(0x4E00 + i) for i in range(40))
SIDES = {"side": 24, "margin": 2}
FRAME = {"height": 128, "width": 96, "symbol": 32.0, "pen": 2.0, "margin": 4}


@pytest.fixture(scope="module")
def described(exported):
    return {variant: metadata.describe(data, LABELS, SIDES) for variant, data in exported.items()}


@pytest.fixture(scope="module")
def detector():
    """The flatbuffer as it was exported, and with its metadata."""
    data = tiny_detector.tiny_detector()
    return data, metadata.describe(data, tiny_detector.CLASSES, FRAME)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_classifier_computes_what_it_did(exported, described, images, variant):
    np.testing.assert_array_equal(Runner(described[variant], 50)(images), Runner(exported[variant], 50)(images))
    assert gate.check(described[variant]) == gate.check(exported[variant])


def test_a_detector_computes_what_it_did(detector):
    picture = np.random.default_rng(1).integers(0, 100, (1, tiny_detector.HEIGHT, tiny_detector.WIDTH))
    before, after = (Runner(data).outputs(picture) for data in detector)
    assert set(before) == set(after)
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_constant_is_there_byte_for_byte_and_aligned(exported, described, variant):
    before, after = (tflite.Model.GetRootAs(data, 0) for data in (exported[variant], described[variant]))
    assert after.BuffersLength() == before.BuffersLength() + 1
    for index in range(before.BuffersLength()):
        constant = before.Buffers(index)
        if not constant.DataIsNone():
            np.testing.assert_array_equal(after.Buffers(index).DataAsNumpy(), constant.DataAsNumpy())
    views = [after.Buffers(i).DataAsNumpy() for i in range(after.BuffersLength()) if not after.Buffers(i).DataIsNone()]
    whole = np.frombuffer(described[variant], np.uint8).ctypes.data
    assert [(view.ctypes.data - whole) % metadata.ALIGNMENT for view in views] == [0] * len(views)


def test_what_is_read_is_what_was_said(described, detector):
    assert metadata.read(described["int8"]) == metadata.Description(
        "characters",
        LABELS,
        {"side": 24.0, "margin": 2.0},
        {
            "image": "A character: grey levels 0 to 255, ink bright on black, cropped, scaled and centred.",
            "probabilities": "Probability of each class.",
        },
        "Handwritten Chinese characters",
        "Reads one handwritten character.",
    )
    kind, labels, normalisation, meanings, *_ = metadata.read(detector[1])
    assert (kind, labels, normalisation) == ("formulas", tuple(tiny_detector.CLASSES), FRAME)
    assert list(meanings) == ["image", *read_graph(detector[1]).signature.outputs]


def test_the_network_is_named_for_people(exported, described):
    named = metadata.describe(exported["int8"], LABELS, SIDES, "Inception-GAP")
    assert metadata.read(named) == metadata.read(described["int8"])._replace(network="Inception-GAP")
    assert metadata.read(described["int8"]).network == ""
    assert metadata.describe(named, LABELS, SIDES) == described["int8"]


def test_any_zip_reader_finds_the_files(detector, tmp_path):
    path = tmp_path / "detector.tflite"
    path.write_bytes(detector[1])
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["labels.txt", "normalisation.json"]
        assert archive.read("labels.txt") == b"+\n=\nx\n"
        assert json.loads(archive.read("normalisation.json")) == FRAME
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}


def test_weights_that_look_like_a_zip(exported):
    model = tflite.ModelT.InitFromPackedBuf(exported["dynamic"], 0)
    model.buffers.append(tflite.BufferT(np.frombuffer(b"PK\5\6" + bytes(18), np.uint8)))  # the end of an empty one
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    data = metadata.describe(bytes(builder.Output()), LABELS, SIDES)
    assert metadata.read(data).labels == LABELS
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["labels.txt", "normalisation.json"]


def stored_metadata(data: bytes) -> bytes:
    model = tflite.ModelT.InitFromPackedBuf(data, 0)
    (entry,) = [entry for entry in model.metadata if entry.name == metadata.BUFFER]
    return model.buffers[entry.buffer].data.tobytes()


def test_the_metadata_of_a_detector_in_full(detector):
    features = {"content_properties": {"FeatureProperties": {}}}
    outputs = {
        "boxes": {
            "description": "Top, left, bottom and right of each symbol, in pixels of the input.",
            "content": {
                "content_properties": {
                    "BoundingBoxProperties": {"index": [1, 0, 3, 2], "type": 1, "coordinate_type": 1}
                },
                "range": {"min": 2, "max": 2},
            },
            "associated_files": [],
        },
        "scores": {
            "description": "Score of each symbol, from 0 to 1, in descending order.",
            "content": features,
            "associated_files": [],
        },
        "classes": {
            "description": "Class of each symbol.",
            "content": features,
            "associated_files": [
                {"name": "labels.txt", "description": "Labels of the classes, one a line.", "type": 3}
            ],
        },
        "count": {
            "description": "Number of symbols found: as many leading rows of the other outputs are valid.",
            "content": features,
            "associated_files": [],
        },
    }
    purpose = "Finds and names every symbol of a handwritten or printed formula."
    assert flatbuffer_tables.decode("ModelMetadata", stored_metadata(detector[1])) == {
        "name": "Symbols of formulas",
        "description": purpose,
        "subgraph_metadata": [
            {
                "description": purpose,
                "input_tensor_metadata": [
                    {
                        "name": "image",
                        "description": "A formula: grey levels 0 to 255, ink bright on black, scaled and centred.",
                        "content": {
                            "content_properties": {
                                "ImageProperties": {"color_space": 2, "default_size": {"width": 96, "height": 128}}
                            }
                        },
                        "process_units": [{"options": {"NormalizationOptions": {"mean": [0.0], "std": [1.0]}}}],
                        "stats": {"max": [255.0], "min": [0.0]},
                        "associated_files": [
                            {
                                "name": "normalisation.json",
                                "description": "Sizes that the input is made by.",
                                "type": 1,
                            }
                        ],
                    }
                ],
                "output_tensor_metadata": [
                    {"name": name} | outputs[name] for name in read_graph(detector[1]).signature.outputs
                ],
            }
        ],
        "min_parser_version": "1.0.0",
    }


def test_the_same_model_gives_the_same_bytes(exported, described):
    assert metadata.describe(exported["dynamic"], LABELS, SIDES) == described["dynamic"]


def test_describing_again_replaces_what_was_said(described):
    other = metadata.describe(described["float16"], LABELS[::-1], {"side": 1})
    assert metadata.read(other).labels == LABELS[::-1]
    assert metadata.describe(other, LABELS, SIDES) == described["float16"]


@pytest.mark.parametrize("labels", [LABELS[:-1], (*LABELS, "x"), ()])
def test_another_number_of_labels_is_refused(exported, labels):
    with pytest.raises(InkError, match=rf"expected a label for each of the model's 40 classes, found {len(labels)}"):
        metadata.describe(exported["float32"], labels, SIDES)


def test_another_signature_is_refused(network):
    data = export_tflite(network, lambda image: {"logits": network(image)}, [image_input(24)], "float32")
    with pytest.raises(InkError) as caught:
        metadata.describe(data, LABELS, SIDES)
    assert str(caught.value) == (
        "expected a model with the signature image [1, height, width, 1] -> probabilities (characters) or "
        "image [1, height, width, 1] -> boxes, classes, count, scores (formulas), found image -> logits"
    )


def test_an_image_of_no_fixed_size_is_refused():
    model = (REGRESSIONS / "models/image-of-no-fixed-size.tflite").read_bytes()
    for refused in (lambda: metadata.read(model), lambda: metadata.describe(model, ["a", "b", "c"], SIDES)):
        with pytest.raises(InkError, match=r"^expected an image of a fixed size .*, found \[1, -1, 5, 1\]$"):
            refused()


def test_metadata_in_a_buffer_that_is_not_there_are_refused():
    model = (REGRESSIONS / "models/metadata-beyond-the-last-buffer.tflite").read_bytes()
    for refused in (lambda: metadata.read(model), lambda: metadata.describe(model, ["a", "b", "c"], SIDES)):
        with pytest.raises(InkError, match=r"^broken metadata in the model \(buffer 1 of 0\): run `dvc repro`"):
            refused()


def test_a_model_without_metadata_is_refused(exported):
    with pytest.raises(InkError, match="expected metadata with a class list in the model, found none; run `dvc repro`"):
        metadata.read(exported["float32"])


def with_files(data: bytes, **files: bytes) -> bytes:
    """The model with other files at its end; `_` in a name stands for a dot."""
    packed = io.BytesIO(data[: data.index(b"PK\3\4")])
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


SIZES = b'{"side": 24}'


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no item named 'labels.txt'"),
        ({"labels_txt": b"x"}, "no item named 'normalisation.json'"),
        ({"labels_txt": b"\xff", "normalisation_json": SIZES}, "can't decode byte 0xff"),
        ({"labels_txt": b"x", "normalisation_json": b"{"}, "Expecting property name"),
        ({"labels_txt": b"x", "normalisation_json": b"[]"}, "has no attribute 'items'"),
        ({"labels_txt": b"x", "normalisation_json": b'{"side": []}'}, "must be a string or a real number"),
        ({"labels_txt": b"x" * (1 << 21), "normalisation_json": SIZES}, "labels.txt: more than 1048576 bytes"),
    ],
)
def test_broken_files_are_refused(described, files, reason):
    with pytest.raises(InkError, match=rf"broken metadata in the model \(.*{reason}.*\): run `dvc repro`"):
        metadata.read(with_files(described["dynamic"], **files))


def test_labels_that_do_not_fit_are_refused(described):
    data = with_files(described["dynamic"], labels_txt="一\n丁\n".encode(), normalisation_json=SIZES)
    with pytest.raises(InkError, match=r"each of the model's 40 classes, found 2 labels"):
        metadata.read(data)


def test_a_model_cut_before_its_files_is_refused(described):
    data = described["dynamic"]
    with pytest.raises(InkError, match="broken metadata in the model"):
        metadata.read(data[: data.index(b"PK\3\4")])


def test_damaged_metadata_are_refused_or_read(described):
    data, stored = described["dynamic"], stored_metadata(described["dynamic"])
    start, rng = data.index(stored), np.random.default_rng(0)
    refusals = []
    for _ in range(300):
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[start + rng.integers(0, len(stored), 8)] = rng.integers(0, 256, 8)
        try:
            metadata.read(damaged.tobytes())
        except InkError as error:
            refusals.append(str(error))
    assert len(refusals) > 100
    assert all(refusal.startswith("broken metadata in the model (") for refusal in refusals)
