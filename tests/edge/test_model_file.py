import pytest

from pipeline.edge import metadata
from pipeline.edge.model_file import read_model, trained_network, write_model
from pipeline.errors import InkError

LABELS, SIDES = "一丨十口", {"side": 56, "margin": 4}


def test_a_model_file_is_written_with_its_metadata(tmp_path, character_model):
    write_model(tmp_path / "int8.tflite", character_model, LABELS, SIDES, "A network")
    data = read_model(tmp_path, "int8", "quantize")
    assert data == metadata.describe(character_model, LABELS, SIDES, "A network")
    assert metadata.read(data).network == "A network"


def test_a_model_that_does_not_pass_the_gate_is_not_written(tmp_path):
    with pytest.raises(InkError):
        write_model(tmp_path / "int8.tflite", b"no model", LABELS, SIDES)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_says_which_stage_writes_it(tmp_path):
    with pytest.raises(InkError, match=r"int8\.tflite: expected the exported model, .*; run `dvc repro quantize@int8`"):
        read_model(tmp_path, "int8", "quantize")
    with pytest.raises(InkError, match=r"model\.keras: expected the trained network, .*; run `dvc repro train`"):
        trained_network(tmp_path / "model.keras", "train")
