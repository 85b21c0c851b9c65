"""`python -m stages.math_train` as DVC runs it, and as a kill leaves it."""

from pathlib import Path

import pytest
import yaml

from pipeline.detector.model import load_detector
from pipeline.formats.charset import write_class_list
from pipeline.params import load_params
from tests.detector.conftest import CLASSES, HEIGHT, WIDTH
from tests.stages.processes import kill_after_the_first_epoch, run_stage


@pytest.fixture
def folder(tmp_path, math_splits, math_params) -> Path:
    (tmp_path / "data/math").mkdir(parents=True)
    (tmp_path / "data/math/splits").symlink_to(math_splits, target_is_directory=True)
    write_class_list(tmp_path / "data/math/classes.txt", CLASSES, symbols=True)
    values = load_params().model_copy(update={"math": math_params})
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values.model_dump(mode="json")))
    return tmp_path


@pytest.mark.slow
def test_killed_training_goes_on_from_its_last_finished_epoch(folder):
    kill_after_the_first_epoch("math_train", folder)
    assert not (folder / "models/math/model.keras").exists()
    done = run_stage("math_train", folder)
    assert done.returncode == 0, done.stderr
    assert "resuming after epoch 1 of 2" in done.stdout
    curve = (folder / "metrics/math/train/plots/metrics/validation/recall.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in curve] == ["step", "0", "1"]
    model = load_detector(folder / "models/math/model.keras")
    assert (model.config.height, model.config.width, model.config.classes) == (HEIGHT, WIDTH, len(CLASSES))
    assert list((folder / ".checkpoints").iterdir()) == []
