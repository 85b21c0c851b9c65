"""Stages `math-decode` and `math-split`: params in, files where DVC looks for them."""

import json
from pathlib import Path

import pytest
import yaml

from stages import math_decode, math_split
from tests.jobs.tiny_math import make_source

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder with params.yaml, twenty formulas of four writers and three photos."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["math"]["decode"] |= {"source": "data/raw/formulas", "shards": 2}
    params["math"]["split"] |= {"by": "writer", "shards": 2}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    make_source(tmp_path / "data/raw/formulas")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_stages_write_what_dvc_expects(workspace):
    math_decode.main()
    assert files(workspace / "data/math") == [
        "classes.txt",
        "decoded/README.md",
        "decoded/SHA256SUMS",
        "decoded/coco/images.zip",
        "decoded/coco/samples.json",
        "decoded/croissant.json",
        "decoded/dataset_info.json",
        "decoded/features.json",
        "decoded/parquet/samples-00000-of-00002.parquet",
        "decoded/parquet/samples-00001-of-00002.parquet",
        "decoded/quarantine.jsonl",
        "decoded/tfrecord/samples-00000-of-00002.tfrecord",
        "decoded/tfrecord/samples-00001-of-00002.tfrecord",
    ]
    assert json.loads((workspace / "metrics/math/decode.json").read_text())["written"] == 23
    assert "license_name: ink2edge-formulas\n" in (workspace / "data/math/decoded/README.md").read_text()
    math_split.main()
    assert "license_name: ink2edge-formulas\n" in (workspace / "data/math/splits/README.md").read_text()
    assert [name for name in files(workspace / "data/math/splits") if not name.startswith("tf")] == [
        "README.md",
        "SHA256SUMS",
        "coco/test.json",
        "coco/train.json",
        "coco/validation.json",
        "croissant.json",
        "dataset_info.json",
        "features.json",
        "parquet/test-00000-of-00001.parquet",
        "parquet/train-00000-of-00002.parquet",
        "parquet/train-00001-of-00002.parquet",
        "parquet/validation-00000-of-00001.parquet",
    ]
    metrics = json.loads((workspace / "metrics/math/split.json").read_text())
    assert (metrics["writers_train"], metrics["writers_validation"], metrics["writers_test"]) == (2, 1, 1)
