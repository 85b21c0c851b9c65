"""The list of models contains the metadata of the model files; files that do not match are refused."""

import hashlib
import json

import pytest

from pipeline.edge import metadata
from pipeline.errors import InkError
from pipeline.page.catalogue import Recogniser, Variant, read_variants, write

LABELS, SIDES = ["一", "丨", "十", "口"], {"side": 56, "margin": 4}


def variant(name, data, **metrics):
    return Variant(name, data, {"bytes": len(data), "classes": 4, "top1": 0.9, "cpu": "Tiny CPU"} | metrics)


@pytest.fixture
def model(character_model):
    """A model of four characters with its metadata."""

    def describe(labels=LABELS, normalisation=SIDES, network="A network"):
        return metadata.describe(character_model, labels, normalisation, network)

    return describe


def test_models_are_listed_with_their_metadata_hash_and_figures(tmp_path, model):
    data = model()
    write(tmp_path / "out", {"characters": [Recogniser("trained", [variant("int8", data)], "int8", ("top1",))]})
    listed = json.loads((tmp_path / "out/models.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(data).hexdigest()
    file = f"models/trained-characters-int8-{digest[:10]}.tflite"
    assert listed == {
        "characters": [
            {
                "origin": "trained",
                "network": "A network",
                "preferred": "int8",
                "threshold": None,
                "normalisation": {"side": 56, "margin": 4},
                "variants": [
                    {"name": "int8", "file": file, "bytes": len(data), "sha256": digest, "metrics": {"top1": 0.9}}
                ],
                "classes": LABELS,
            }
        ]
    }
    assert isinstance(listed["characters"][0]["normalisation"]["side"], int)
    assert (tmp_path / "out" / file).read_bytes() == data


def test_sizes_that_are_no_whole_numbers_stay_as_they_are(tmp_path, model):
    data = model(normalisation={"side": 56, "pen": 2.5})
    write(tmp_path / "out", {"characters": [Recogniser("trained", [variant("int8", data)], "int8", ())]})
    listed = json.loads((tmp_path / "out/models.json").read_text(encoding="utf-8"))
    assert listed["characters"][0]["normalisation"] == {"side": 56, "pen": 2.5}


def test_a_model_that_names_no_network_is_called_by_its_name(tmp_path, model):
    write(tmp_path / "out", {"characters": [Recogniser("trained", [variant("int8", model(network=""))], "int8", ())]})
    listed = json.loads((tmp_path / "out/models.json").read_text(encoding="utf-8"))
    assert listed["characters"][0]["network"] == "Handwritten Chinese characters"


@pytest.mark.parametrize("key", ["bytes", "classes"])
def test_metrics_of_another_model_are_refused(tmp_path, model, key):
    wrong = Recogniser("trained", [variant("int8", model(), **{key: 8})], "int8", ())
    with pytest.raises(InkError, match=rf"characters, int8: expected metrics .*'{key}': 8.* run `dvc repro`"):
        write(tmp_path / "out", {"characters": [wrong]})


@pytest.mark.parametrize(
    ("field", "other"),
    [("labels", LABELS[::-1]), ("normalisation", {"side": 56, "margin": 3}), ("network", "Another network")],
)
def test_variants_that_do_not_belong_together_are_refused(tmp_path, model, field, other):
    variants = [variant("float16", model()), variant("int8", model(**{field: other}))]
    expected = (
        rf"characters: expected the same {field} in the metadata of all variants, "
        "found a difference between float16 and int8; run `dvc repro`"
    )
    with pytest.raises(InkError, match=expected):
        write(tmp_path / "out", {"characters": [Recogniser("trained", variants, "int8", ())]})


def test_a_model_of_the_other_kind_is_refused(tmp_path, formula_model):
    recogniser = Recogniser("trained", [variant("float16", formula_model)], "float16", ())
    expected = "characters, float16: expected a model that reads characters, found one that reads formulas"
    with pytest.raises(InkError, match=expected):
        write(tmp_path / "out", {"characters": [recogniser]})


def test_a_file_that_is_no_model_is_named(tmp_path, model):
    recogniser = Recogniser("trained", [variant("int8", model()[:100])], "int8", ())
    with pytest.raises(InkError, match=r"^characters, int8: "):
        write(tmp_path / "out", {"characters": [recogniser]})


@pytest.fixture
def outputs(tmp_path, model):
    (tmp_path / "int8.tflite").write_bytes(model())
    (tmp_path / "int8.json").write_text('{"top1": 0.9}', encoding="utf-8")
    return tmp_path


def test_models_are_read_with_their_metrics(outputs, model):
    assert read_variants(outputs, outputs, ["int8"], "quantize") == [Variant("int8", model(), {"top1": 0.9})]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("int8.tflite", r"int8\.tflite: expected the exported model, found nothing; run `dvc repro quantize@int8`"),
        ("int8.json", r"int8\.json: expected the metrics of a model, found nothing; run `dvc repro app`"),
    ],
)
def test_a_missing_file_says_what_to_run(outputs, file, message):
    (outputs / file).unlink()
    with pytest.raises(InkError, match=message):
        read_variants(outputs, outputs, ["int8"], "quantize")
