"""A release of either branch: the bundle, with weights from which a training can start and figures on real ink."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from pipeline.artifacts import read_model
from pipeline.edge.export import keras
from pipeline.errors import InkError
from pipeline.export.release import write_release

FORMULAS = {"set": "test2014", "variant": "float16", "formulas": 986, "symbols": 10019} | dict.fromkeys(
    ("segments_recall", "seg_class_recall", "exprate", "at_most_1", "at_most_2", "structure"), 0.5
)


@pytest.fixture
def trained(project, monkeypatch):
    """The project with a network of either branch, which is one layer here."""
    network = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3)])
    for branch, stage, source in (("hccr", "train", "data/decoded"), ("math", "math-train", "data/math/decoded")):
        path = f"models/{branch}/model.keras"
        network.save(path)
        project.ran(stage, {}, [source], [path])
        name, model = ("dynamic", "quantize") if branch == "hccr" else ("float16", "math-quantize")
        project.ran(f"{model}@{name}", {}, [path], [f"models/{branch}/{name}.tflite"])
    project.save()
    return network


def release(name, real_ink=None):
    path, data = read_model(name)
    return write_release(path.parent.name, path, data, Path("released"), real_ink)


@pytest.mark.parametrize("name", ["hccr", "math"])
def test_weights_are_in_16_bits_beside_their_classes(trained, name):
    folder = release(name)
    with np.load(io.BytesIO((folder / "weights.npz").read_bytes())) as file:
        assert file["classes"].tolist() == (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
        assert [path.split("/")[-1] for path in file["paths"]] == ["kernel", "bias"]
        arrays = [file[key] for key in file.files if key not in ("classes", "paths")]
    assert [(array.shape, array.dtype) for array in arrays] == [((2, 3), np.float16), ((3,), np.float16)]


def test_params_and_hashes_are_those_of_the_stages(trained):
    folder = release("math")
    assert yaml.safe_load((folder / "params.yaml").read_text()) == {"math": {"decode": {"pen": 2}}}
    lineage = json.loads((folder / "lineage.json").read_text())
    assert list(lineage) == ["math-decode", "math-train", "math-quantize@float16", "math-evaluate@float16"]


def test_the_card_of_formulas_shows_figures_on_real_ink(trained, tmp_path):
    (tmp_path / "real.json").write_text(json.dumps([FORMULAS]), encoding="utf-8")
    folder = release("math", tmp_path / "real.json")
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "by `python -m benchmarks.real_formulas`" in card
    row = [cell.strip() for cell in next(line for line in card.splitlines() if "test2014" in line).split("|")]
    assert row[1:7] == ["test2014", "float16", "986", "10,019", "50.00%", "50.00%"]


def test_figures_of_another_variant_are_refused(trained, tmp_path):
    (tmp_path / "real.json").write_text(json.dumps([FORMULAS | {"variant": "dynamic"}]), encoding="utf-8")
    with pytest.raises(InkError, match=r"real\.json: expected figures of float16, found dynamic; measure it"):
        release("math", tmp_path / "real.json")
