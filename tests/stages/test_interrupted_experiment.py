"""`dvc exp run --temp` whose training is killed: DVC removes the folder that it ran in, and the next run resumes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from pipeline.formats.charset import write_class_list
from tests.conftest import CLASSES
from tests.stages.processes import ENVIRONMENT, FIRST_EPOCH

DVC_YAML = """\
stages:
  train:
    cmd: python -m stages.train
    params: [model, train]
    deps: [data]
    outs: [models/hccr/model.keras, metrics/train]
"""
EXPERIMENT = ["dvc", "exp", "run", "--temp", "--set-param", "train.epochs=3"]


@pytest.fixture
def project(tmp_path, splits, params) -> Path:
    """A project with only the stage `train`, whose data are in git."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data/splits").symlink_to(splits, target_is_directory=True)
    write_class_list(folder / "data/classes.txt", CLASSES)
    (folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    (folder / "dvc.yaml").write_text(DVC_YAML)
    for command in (
        "git init --quiet",
        "git config user.name Test",
        "git config user.email test@example.org",
        "dvc init --quiet",
        "git add --all",
        "git commit --quiet --message project",
    ):
        subprocess.run(command.split(), cwd=folder, env=environment(), check=True)
    return folder


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return ENVIRONMENT | {"PATH": path, "DVC_NO_ANALYTICS": "1"}


def kill_training(experiment: subprocess.Popen, states: Path) -> None:
    """Kills the training that an experiment runs, once it has saved its state in the folder `states`."""
    deadline = time.monotonic() + FIRST_EPOCH
    while not list(states.glob("*/state.npz")):
        assert experiment.poll() is None, "the experiment ended before its first checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for process in psutil.Process(experiment.pid).children(recursive=True):
        process.send_signal(signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_experiment_in_a_temporary_folder_resumes(project):
    with subprocess.Popen(EXPERIMENT, cwd=project, env=environment(), stderr=subprocess.DEVNULL) as experiment:
        kill_training(experiment, project / ".checkpoints")
    assert experiment.returncode != 0
    assert not list((project / ".dvc/tmp/exps/standalone").glob("tmp*")), "DVC kept the folder"
    done = subprocess.run(EXPERIMENT, cwd=project, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "resuming after epoch 1 of 3" in done.stdout
    assert list((project / ".checkpoints").iterdir()) == []
