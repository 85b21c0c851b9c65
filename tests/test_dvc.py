"""The pipeline as its users run it: real `git` and `dvc` commands on a small corpus of made-up `.gnt` files.

One project is reproduced once and then only read; a test that changes anything works on a copy of its own.
"""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import cv2
import numpy as np
import pytest
import yaml
from moto.server import ThreadedMotoServer

from pipeline.formats.gnt import write_gnt
from tests.project import Project

pytestmark = pytest.mark.slow

CHARS = "一二十口"
WRITERS = range(1001, 1013)
SAMPLES = 3  # a writer and class
VARIANTS = ["float32", "float16", "dynamic", "int8"]


def _scan(char: str, rng: np.random.Generator) -> np.ndarray:
    """A scan of `char`, drawn with a ruler: dark grey on paper."""
    side, pen = int(rng.integers(40, 80)), int(rng.integers(3, 6))
    scan = np.full((side, side), 255, np.uint8)
    ink, edge = rng.integers(0, 120), side - pen
    across = {"一": [side // 2], "二": [side // 4, edge], "十": [side // 2], "口": [0, edge]}[char]
    down = {"一": [], "二": [], "十": [side // 2], "口": [0, edge]}[char]
    for at in across:
        scan[at : at + pen] = ink
    for at in down:
        scan[:, at : at + pen] = ink
    return scan


def _write_corpus(folder: Path) -> None:
    rng = np.random.default_rng(5)
    folder.mkdir(parents=True)
    for writer in WRITERS:
        write_gnt(folder / f"{writer}-f.gnt", [(char, _scan(char, rng)) for char in CHARS for _ in range(SAMPLES)])


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory) -> Project:
    """A user's project, to read: `dvc add` added the corpus, everything ran once and is committed."""
    project = Project.make(tmp_path_factory.mktemp("project"))
    _write_corpus(project.folder / "data/raw/mine")
    project.change_params({"decode": {"source": "data/raw/mine"}})
    project.run("dvc", "add", "--quiet", "data/raw/mine")
    project.commit("a corpus of our own")
    project.run("dvc", "repro", "compare")
    project.commit("its recogniser")
    return project


@pytest.fixture
def project(reproduced, tmp_path) -> Project:
    """A copy of the project, to change."""
    shutil.copytree(reproduced.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def _stages_run(output: str) -> list[str]:
    lines = output.splitlines()
    return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]


def _experiments(project: Project) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(project.run("dvc", "exp", "show", "--csv"))))


def test_all_variants_are_exported_measured_and_compared(reproduced):
    for variant in VARIANTS:
        metrics = reproduced.read_json(f"metrics/{variant}.json")
        assert metrics["bytes"] == (reproduced.folder / f"models/hccr/{variant}.tflite").stat().st_size
        assert metrics["top1"] >= 0.9
    report = (reproduced.folder / "reports/comparison.md").read_text(encoding="utf-8")
    assert all(variant in report for variant in VARIANTS)


def test_every_record_is_accounted_for(reproduced):
    decode, split = reproduced.read_json("metrics/decode.json"), reproduced.read_json("metrics/split.json")
    assert decode["records"] == decode["written"] == len(WRITERS) * len(CHARS) * SAMPLES
    assert split["train"] + split["validation"] + split["test"] == decode["written"]


def test_second_run_reruns_nothing(project):
    assert _stages_run(project.run("dvc", "repro", "compare")) == []
    assert "up to date" in project.run("dvc", "status", "compare")


def test_bytecode_is_no_dependency(project):
    (project.folder / "pipeline/hccr/__pycache__").mkdir(exist_ok=True)
    (project.folder / "pipeline/hccr/__pycache__/stray.cpython-311.pyc").write_bytes(b"of another clone")
    assert "up to date" in project.run("dvc", "status", "compare")


def test_metrics_and_plots_are_shown(project):
    shown = project.run("dvc", "metrics", "show")
    assert "metrics/dynamic.json" in shown
    project.run("dvc", "plots", "show")
    page = (project.folder / "dvc_plots/index.html").read_text(encoding="utf-8")
    for title in ["Learning curve, accuracy", "Size by optimisation", "Accuracy against size"]:
        assert title in page


def test_what_was_evaluated_is_handed_out_and_reads_pictures(project):
    project.run("python", "-m", "pipeline.export")
    for name in ("hccr-dynamic", "math-float16"):
        branch, variant = name.split("-")
        model = (project.folder / f"models/{branch}/{variant}.tflite").read_bytes()
        assert (project.folder / f"bundles/{name}/{name}.tflite").read_bytes() == model
    metrics, times = (project.read_json(f"metrics/{name}.json") for name in ("dynamic", "times/dynamic"))
    assert project.read_json("bundles/hccr-dynamic/metrics.json") == metrics | times
    assert "`data/raw/mine`, provided by the project's user" in card_of(project, "hccr-dynamic")
    assert "epochs: 5" in card_of(project, "hccr-dynamic")
    rng = np.random.default_rng(8)
    for char in CHARS:
        cv2.imwrite(str(project.folder / f"{ord(char):x}.png"), _scan(char, rng))
    pictures = [f"{ord(char):x}.png" for char in CHARS]
    read = json.loads(
        project.run("python", "-m", "pipeline.recognize", "--model", "hccr", "--json", "--top", "4", *pictures)
    )
    assert [row["picture"] for row in read] == pictures
    assert all({found["text"] for found in row["candidates"]} == set(CHARS) for row in read)
    assert sum(row["candidates"][0]["text"] == char for row, char in zip(read, CHARS, strict=True)) >= 3
    photo = str(next((project.folder / "data/raw/formulas/printed").rglob("*.jpg")))
    (found,) = json.loads(project.run("python", "-m", "pipeline.recognize", "--json", "--model", "math", photo))
    assert found["picture"] == photo
    assert isinstance(found["symbols"], list)


def card_of(project: Project, name: str) -> str:
    return (project.folder / f"bundles/{name}/MODEL_CARD.md").read_text(encoding="utf-8")


def test_evaluating_again_changes_the_times_alone(project):
    project.run("dvc", "repro", "--force", "--single-item", "evaluate@dynamic")
    assert project.run("git", "status", "--porcelain").split() in ([], ["M", "metrics/times/dynamic.json"])


def test_the_charts_are_the_designed_ones(project):
    project.run("dvc", "plots", "show")
    page = (project.folder / "dvc_plots/index.html").read_text(encoding="utf-8")
    charts, pictures = re.findall(r"vegaEmbed\(", page), re.findall(r"<img[^>]*src=", page)
    designed = yaml.safe_load((project.folder / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    drawn = [plot for plot in designed if isinstance(plot, dict) or (project.folder / plot).exists()]
    assert len(charts) + len(pictures) == len(drawn)


def test_the_backend_that_trained_is_on_record(reproduced):
    for branch in ("", "math/"):
        assert reproduced.read_json(f"metrics/{branch}train/metrics.json")["backend"] == "tensorflow"


def test_data_outputs_have_the_same_bytes_when_made_again(project):
    before = yaml.safe_load((project.folder / "dvc.lock").read_text())["stages"]
    project.run("dvc", "repro", "--force", "--single-item", "decode")
    project.run("dvc", "repro", "--force", "--single-item", "split")
    after = yaml.safe_load((project.folder / "dvc.lock").read_text())["stages"]
    assert before["decode"]["outs"] == after["decode"]["outs"]
    assert before["split"]["outs"] == after["split"]["outs"]


def test_train_param_reruns_train_and_after_and_nothing_before(project):
    ran = _stages_run(project.run("dvc", "exp", "run", "--name", "longer", "-S", "train.epochs=6", "compare"))
    assert ran[0] == "train"
    assert set(ran) == {
        "train",
        "calibrate",
        "compare",
        *(f"{s}@{v}" for s in ["quantize", "evaluate"] for v in VARIANTS),
    }
    assert {"longer"} <= {row["Experiment"] for row in _experiments(project) if row["train.epochs"] == "6"}
    assert "train.loss" in project.run("dvc", "metrics", "diff")
    assert "train.epochs" in project.run("dvc", "params", "diff")
    project.run("dvc", "plots", "diff", "HEAD")


def test_queued_grid_and_temporary_experiments(project):
    project.run("dvc", "exp", "run", "--queue", "-S", "train.epochs=1,2", "-S", "train.warmup_epochs=0", "train")
    assert project.run("dvc", "queue", "status").count("Queued") == 2
    project.run("dvc", "exp", "run", "--run-all")
    project.run("dvc", "exp", "run", "--temp", "--name", "aside", "-S", "train.seed=2", "train")
    rows = _experiments(project)
    assert {"1", "2", "5"} <= {row["train.epochs"] for row in rows}
    assert {"aside"} <= {row["Experiment"] for row in rows}


@pytest.fixture
def bucket(monkeypatch) -> Iterator[tuple[str, str]]:
    """The addresses of an S3 bucket and of the server that keeps it, in memory."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="ink")
    yield "s3://ink/cache", endpoint
    server.stop()


@pytest.mark.parametrize("kind", ["directory", "s3"])
def test_push_clone_pull_and_nothing_is_left_to_run(project, tmp_path, kind, request):
    if kind == "directory":
        project.run("dvc", "remote", "add", "--force", "--default", "storage", str(tmp_path / "remote"))
    else:
        address, endpoint = request.getfixturevalue("bucket")
        project.run("dvc", "remote", "add", "--force", "--default", "storage", address)
        project.run("dvc", "remote", "modify", "storage", "endpointurl", endpoint)
    project.commit(f"a remote: {kind}")
    project.run("dvc", "push", "--quiet", "--with-deps", "compare")
    clone = Project(tmp_path / "clone")
    project.run("git", "clone", "--quiet", str(project.folder), str(clone.folder))
    assert "metrics/dynamic.json" in clone.run("dvc", "metrics", "show")
    clone.run("dvc", "pull", "--quiet", "--with-deps", "compare")
    assert _stages_run(clone.run("dvc", "repro", "compare")) == []


def test_stage_refuses_wrong_params_with_one_readable_line(project):
    output = project.run("dvc", "exp", "run", "-S", "train.epochs=0", "train", check=False)
    assert "train.epochs: Input should be greater than or equal to 1, found 0" in output
    assert "Traceback" not in output
