"""A checkout of this project in a separate folder, with tiny made-up corpora, for running the commands of users."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
LEVEL1, ALL = (ROOT / "data/charsets" / name for name in ("gb2312-level1.txt", "all.txt"))
# Small and quick; both branches, since `compare` shows both.
TINY: dict[str, dict[str, Any]] = {
    "decode": {"shards": 2},
    "split": {"shards": 2, "validation": 0.1},
    "model": {"width": 0.125, "modules": [1, 1], "features": 32},
    "train": {"epochs": 5, "batch_size": 12, "ema": 0.8, "learning_rate": 0.01},
    "quantize": {"calibration_samples": 16},
    "evaluate": {"latency_runs": 20},
    "math": {
        "formulas": {"classes": 12, "writers": 8, "handwritten": 40, "printed": 8},
        "decode": {"height": 64, "width": 128, "shards": 2},
        "split": {"test": 0.3, "validation": 0.2, "shards": 2},
        "train": {"width": 0.35, "channels": 16, "anchors": 1, "epochs": 1, "batch_size": 4},
        "evaluate": {"latency_runs": 20},
    },
}


class Project:
    """The tracked files without their lock, under git."""

    def __init__(self, folder: Path):
        self.folder = folder

    @classmethod
    def make(cls, folder: Path, params: dict[str, dict[str, Any]] = TINY) -> "Project":
        """A new one in an empty folder, with these values in its params.yaml."""
        project = cls(folder)
        _copy_tracked_files(folder)
        project.run("git", "init", "--quiet")
        project.run("git", "config", "user.name", "Test")
        project.run("git", "config", "user.email", "test@example.org")
        project.change_params(params)
        return project

    def run(self, *command: str, check: bool = True) -> str:
        """Standard output and error of a command in the project."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=3000
        )
        output = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{output[-4000:]}"
        return output

    @staticmethod
    def environment() -> dict[str, str]:
        """The environment: this interpreter first, and the default execution of jobs."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "TF_CPP_MIN_LOG_LEVEL": "2", "DVC_NO_ANALYTICS": "1"}
        environment.pop("INK2EDGE_BEAM", None)
        return environment

    def read_json(self, path: str) -> Any:
        """The content of a JSON file of the project."""
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def change_params(self, changes: dict[str, dict[str, Any]]) -> None:
        """Replaces values of params.yaml; sections keep what is not named."""
        path = self.folder / "params.yaml"
        values = _merged(yaml.safe_load(path.read_text(encoding="utf-8")), changes)
        path.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commits everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "-m", message)


def _copy_tracked_files(folder: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _merged(values: Any, changes: Any) -> Any:
    if not isinstance(changes, dict):
        return changes
    return values | {key: _merged(values.get(key), value) for key, value in changes.items()}
