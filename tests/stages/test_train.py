"""`python -m stages.train` as DVC runs it, and as a kill leaves it."""

import json
from pathlib import Path

import keras
import pytest
import yaml

from pipeline.formats.charset import write_class_list
from tests.conftest import CLASSES
from tests.stages.processes import kill_after_the_first_epoch, run_stage

EPOCHS = 3


@pytest.fixture
def folder(tmp_path, splits, params) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/splits").symlink_to(splits, target_is_directory=True)
    write_class_list(tmp_path / "data/classes.txt", CLASSES)
    values = params.model_copy(update={"train": params.train.model_copy(update={"epochs": EPOCHS})})
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values.model_dump(mode="json")))
    return tmp_path


@pytest.mark.slow
def test_killed_training_goes_on_from_its_last_finished_epoch(folder):
    kill_after_the_first_epoch("train", folder)
    assert not (folder / "models/hccr/model.keras").exists()
    done = run_stage("train", folder)
    assert done.returncode == 0, done.stderr
    assert "resuming after epoch 1 of 3" in done.stdout
    curve = (folder / "metrics/train/plots/metrics/validation/accuracy.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in curve] == ["step", "0", "1", "2"]
    metrics = json.loads((folder / "metrics/train/metrics.json").read_text())
    assert metrics["train"]["accuracy_clean"] > 0.5
    model = keras.models.load_model(folder / "models/hccr/model.keras", compile=False)
    assert model.output_shape == (None, len(CLASSES))
    assert list((folder / ".checkpoints").iterdir()) == []


def test_missing_split_is_one_readable_line(tmp_path, folder):
    (folder / "data/splits").unlink()
    done = run_stage("train", folder)
    assert done.returncode == 1
    assert "run `dvc repro split`" in done.stderr
    assert "Traceback" not in done.stderr
