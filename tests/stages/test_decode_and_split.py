"""Stages `decode` and `split`: params in, files where DVC looks for them, errors without a traceback."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import yaml

from pipeline.formats.gnt import write_gnt
from stages import decode, run_stage, split
from tests.project import ALL, ROOT

CARDS = ("README.md", "SHA256SUMS", "croissant.json", "dataset_info.json", "features.json", "label.labels.txt")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder with params.yaml and six writers of two characters."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["decode"] |= {"source": "data/raw", "charset": str(ALL), "shards": 2}
    params["split"] |= {"by": "writer", "shards": 2}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for writer in range(1001, 1007):
        ink = np.full((9, 9), 255, np.uint8)
        ink[2:7, 3:5] = writer % 200
        write_gnt(tmp_path / "data/raw" / f"{writer}-f.gnt", [("啊", ink), ("阿", ink.T)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_stages_write_what_dvc_expects(workspace):
    decode.main()
    assert files(workspace / "data/decoded") == [
        *CARDS,
        "parquet/samples-00000-of-00002.parquet",
        "parquet/samples-00001-of-00002.parquet",
        "quarantine.jsonl",
        "tfrecord/samples-00000-of-00002.tfrecord",
        "tfrecord/samples-00001-of-00002.tfrecord",
    ]
    assert (workspace / "data/classes.txt").read_text(encoding="utf-8") == "啊\n阿\n"
    assert json.loads((workspace / "metrics/decode.json").read_text())["written"] == 12
    split.main()
    assert [name for name in files(workspace / "data/splits") if name not in CARDS] == [
        f"{kind}/{name}.{kind}"
        for kind in ("parquet", "tfrecord")
        for name in (
            "test-00000-of-00001",
            "train-00000-of-00002",
            "train-00001-of-00002",
            "validation-00000-of-00001",
        )
    ]
    metrics = json.loads((workspace / "metrics/split.json").read_text())
    assert [metrics[part] for part in ("train", "validation", "test")] == [8, 2, 2]


def test_an_error_that_the_user_can_mend_has_no_traceback(workspace):
    (workspace / "params.yaml").write_text("decode: {}\n", encoding="utf-8")
    command = [sys.executable, "-m", "stages.decode"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("decode: params.yaml: ")
    assert "Traceback" not in done.stderr


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr("sys.argv", ["stage"])

    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_stage(main)


def test_a_stage_that_is_stopped_says_so(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["stage"])

    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stop:
        run_stage(main)
    assert stop.value.code == 130
    assert "stopped; no output is half-written; run it again" in capsys.readouterr().err
