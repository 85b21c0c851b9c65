"""A made-up project in a folder: models, their metrics, and the lock with their lineage."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

METRICS, TIMES = {"top1": 0.9875, "bytes": 1234}, {"p50_ms": 0.5, "cpu": "Tiny CPU"}
ROOT = Path(__file__).resolve().parents[2]
MATH_METRICS = {"ap50": 0.75, "threshold": 0.35, "test_images": 4321, "classes_missing_test": 1}
DVC_YAML = """\
artifacts:
  hccr: {path: models/hccr/dynamic.tflite}
  math: {path: models/math/float16.tflite}
"""


class Project:
    """The outputs of stages are files; `lock` is the content of dvc.lock."""

    def __init__(self, root: Path):
        self.root = root
        self.lock: dict[str, Any] = {"schema": "2.0", "stages": {}}

    def write(self, path: str, content: bytes | dict | list) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (self.root / path).write_bytes(data)

    def ran(self, name: str, params: dict, deps: list[str], outs: list[str]) -> None:
        """Records a stage in the lock, with the current files."""

        def files(paths: list[str]) -> list[dict[str, str]]:
            return [{"path": path, "hash": "md5", "md5": self._digest(path)} for path in paths]

        self.lock["stages"][name] = {
            "cmd": "python",
            "deps": files(deps),
            "params": {"params.yaml": params},
            "outs": files(outs),
        }

    def save(self) -> None:
        (self.root / "dvc.lock").write_text(yaml.safe_dump(self.lock, sort_keys=False), encoding="utf-8")

    def _digest(self, path: str) -> str:
        file = self.root / path
        # The content of a folder does not matter here.
        return hashlib.md5(file.read_bytes() if file.is_file() else path.encode()).hexdigest()


@pytest.fixture
def project(tmp_path, monkeypatch, character_model, formula_model) -> Project:
    project = Project(tmp_path)
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    for page in ("LICENSE", "THIRD_PARTY.md"):
        project.write(page, (ROOT / page).read_bytes())
    project.write("data/raw/medians/ARPHICPL.TXT", b"ARPHIC PUBLIC LICENSE\n")
    project.ran("medians", {}, [], ["data/raw/medians"])
    project.ran("strokes", {"strokes": {"writers": 7}}, ["data/raw/medians"], ["data/raw/strokes"])
    project.write("metrics/decode.json", {"records": 12000, "written": 11998})
    project.ran("decode", {"decode": {"shards": 2}}, ["data/raw/strokes"], ["data/decoded", "metrics/decode.json"])
    project.write("metrics/train/metrics.json", {"train": {"accuracy": 0.5}, "step": 7})
    project.write("models/hccr/model.keras", b"weights")
    outs = ["models/hccr/model.keras", "metrics/train/metrics.json"]
    project.ran("train", {"train": {"epochs": 8}}, ["data/decoded/parquet"], outs)
    for variant, size in (("float32", 4), ("dynamic", 1)):
        model = f"models/hccr/{variant}.tflite"
        project.write(model, character_model)
        project.ran(f"quantize@{variant}", {"quantize": {"samples": size}}, ["models/hccr/model.keras"], [model])
    project.write("metrics/float32.json", {"top1": 0.99})
    project.ran("evaluate@float32", {}, ["models/hccr/float32.tflite"], ["metrics/float32.json"])
    project.write("metrics/dynamic.json", METRICS)
    project.write("plots/worst/dynamic.json", [{"char": "口", "recall": 0.5, "samples": 8}])
    project.write("metrics/times/dynamic.json", TIMES)
    project.write("data/readings/dynamic.parquet", b"what was read")
    deps = [f"models/hccr/{variant}.tflite" for variant in ("float32", "dynamic")]
    outs = ["data/readings/dynamic.parquet", "metrics/dynamic.json"]
    project.ran("evaluate@dynamic", {}, deps, outs)
    project.ran("report@dynamic", {}, outs[:1], ["plots/worst/dynamic.json"])
    # The other branch, with data that the user provides.
    project.ran("math-decode", {"math.decode": {"pen": 2}}, ["data/raw/crohme"], ["data/math/decoded"])
    project.write("models/math/float16.tflite", formula_model)
    project.ran("math-quantize@float16", {}, ["data/math/decoded"], ["models/math/float16.tflite"])
    project.write("metrics/math/float16.json", MATH_METRICS)
    project.write("plots/math/classes/float16.json", [{"symbol": "|", "ap50": 0.25, "ap": 0.125, "boxes": 3}])
    outs = ["metrics/math/float16.json"]
    project.ran("math-evaluate@float16", {}, ["models/math/float16.tflite"], outs)
    project.ran("math-report@float16", {}, outs, ["plots/math/classes/float16.json"])
    project.save()
    monkeypatch.chdir(tmp_path)
    return project
