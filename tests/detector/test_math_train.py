"""`python -m stages.math_train` as DVC runs it, and as a kill leaves it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pipeline.detector.saving import load_detector
from pipeline.formats.charset import write_class_list
from pipeline.params import load_params
from tests.detector.conftest import CLASSES, HEIGHT, WIDTH

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "stages.math_train"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}


@pytest.fixture
def folder(tmp_path, math_splits, math_params) -> Path:
    (tmp_path / "data/math").mkdir(parents=True)
    (tmp_path / "data/math/splits").symlink_to(math_splits, target_is_directory=True)
    write_class_list(tmp_path / "data/math/classes.txt", CLASSES, symbols=True)
    values = load_params().model_copy(update={"math": math_params})
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values.model_dump(mode="json")))
    return tmp_path


def test_killed_training_goes_on_from_its_last_finished_epoch(folder):
    with subprocess.Popen(COMMAND, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 400
        while not list(folder.glob(".checkpoints/*/state.npz")):
            assert process.poll() is None, "the stage ended before its first checkpoint"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert not (folder / "models/math/model.keras").exists()
    done = subprocess.run(COMMAND, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "resuming after epoch 1 of 2" in done.stdout
    curve = (folder / "metrics/math/train/plots/metrics/validation/recall.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in curve] == ["step", "0", "1"]
    model = load_detector(folder / "models/math/model.keras")
    assert (model.config.height, model.config.width, model.config.classes) == (HEIGHT, WIDTH, len(CLASSES))
    assert list((folder / ".checkpoints").iterdir()) == []
