"""Stages math-quantize, math-evaluate and math-report on a made-up project in its own directory."""

import json
from pathlib import Path

import cv2
import pytest

from pipeline.detector.model import build_detector
from pipeline.detector.network import Config, strides
from pipeline.edge import metadata
from pipeline.edge.gate import check
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError
from pipeline.formats.formula import write_formulas
from pipeline.learning.saving import save_model
from stages import math_evaluate, math_quantize, math_report
from tests.edge.tiny_detector import CLASSES, EQUALS, HEIGHT, WIDTH, X, formula, line, tiny_detector

PARAMS = Path("params.yaml").resolve()
CANVAS = {"height": HEIGHT, "width": WIDTH, "symbol": 32, "pen": 2, "margin": 4}
BOX_EQUALS, BOX_X = (19, 9, 31, 31), (19, 49, 41, 71)
TRUTH = [(BOX_EQUALS, EQUALS), (BOX_X, X)]
FOUND = [(BOX_EQUALS, EQUALS, 0.8), (BOX_X, X, 0.6)]
STROKES = [line((10, 20), (30, 20)), line((10, 30), (30, 30)), line((50, 20), (70, 40), (70, 20))]
INK = [formula(f"ink/{i}", TRUTH, FOUND, STROKES, [[0, 1], [2]]) for i in range(7)]
PHOTOS = [formula(f"photo/{i}", TRUTH, FOUND[:1]) for i in range(2)]


def run(monkeypatch, stage, *arguments: str) -> None:
    stage.main(*arguments)


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A split and a class list; each test makes its models."""
    root = tmp_path_factory.mktemp("project")
    (root / "params.yaml").write_text(PARAMS.read_text(encoding="utf-8"), encoding="utf-8")
    (root / "data/math/splits/parquet").mkdir(parents=True)
    for part, rows in (("train", INK), ("validation", INK[:2]), ("test", [*INK, *PHOTOS])):
        write_formulas(root / f"data/math/splits/parquet/{part}-00000-of-00001.parquet", rows, CLASSES)
    (root / "data/math/classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    (root / "models/math").mkdir(parents=True)
    return root


@pytest.fixture(scope="module")
def evaluated(project):
    data = metadata.describe(tiny_detector(), CLASSES, CANVAS)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(project)
        for variant in VARIANTS[:2]:
            (project / f"models/math/{variant}.tflite").write_bytes(data)
            run(monkeypatch, math_evaluate, variant)
            run(monkeypatch, math_report, variant)
    return project


def test_metrics_are_flat_and_complete(evaluated):
    metrics = read_json(evaluated / "metrics/math/float16.json")
    assert (metrics["test_images"], metrics["test_ink"], metrics["test_boxes"]) == (9, 7, 18)
    assert (metrics["ap50_ink"], metrics["ap50_photos"]) == (1.0, 0.5)
    assert (metrics["seg_class_recall"], metrics["seg_class_precision"]) == (1.0, 1.0)
    assert (metrics["canvas_height"], metrics["canvas_width"], metrics["classes"]) == (HEIGHT, WIDTH, 3)
    assert metrics["bytes"] == (evaluated / "models/math/float16.tflite").stat().st_size
    times = read_json(evaluated / "metrics/math/times/float16.json")
    assert 0 < times["p50_ms"] <= times["p95_ms"]
    assert 0 < times["p50_ms_2_threads"] <= times["p95_ms_2_threads"]


def test_the_same_file_has_the_same_accuracy(evaluated):
    one, other = (read_json(evaluated / f"metrics/math/{variant}.json") for variant in VARIANTS[:2])
    assert one == other


def test_plots_are_written(evaluated):
    curve = read_json(evaluated / "plots/math/pr/float16.json")
    assert [row["recall"] for row in curve] == [i / 100 for i in range(101)]
    rows = read_json(evaluated / "plots/math/classes/float16.json")
    assert [(row["symbol"], row["boxes"]) for row in rows] == [("x", 9), ("=", 9)]
    assert cv2.imread(str(evaluated / "plots/math/sheets/float16.png")) is not None
    assert not list(evaluated.rglob("*.partial*"))


def test_the_whole_detector_becomes_one_file(project, monkeypatch):
    monkeypatch.chdir(project)
    arch = "faster_rcnn_fpn"
    shapes = tuple(((2.0 * s, 3.0 * s), (4.0 * s, 4.0 * s)) for s in strides(arch))
    model = build_detector(Config(HEIGHT, WIDTH, 3, arch, "mobilenet_v2", 0.35, 16, 1, shapes, 32, 2, 4))
    save_model(model, Path("models/math/model.keras"))
    run(monkeypatch, math_quantize, "float16")
    data = Path("models/math/float16.tflite").read_bytes()
    graph = check(data)
    assert [tensor.shape for tensor in graph.inputs] == [(1, HEIGHT, WIDTH, 1)]
    assert sorted(tensor.shape for tensor in graph.outputs) == [(1,), (1, 100), (1, 100), (1, 100, 4)]
    assert metadata.read(data)[:3] == ("formulas", tuple(CLASSES), CANVAS)
    Path("models/math/float16.tflite").unlink()


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (math_quantize, r"model\.keras: expected the trained network, .*dvc repro math-train"),
        (math_evaluate, r"int8\.tflite: expected the exported model, .*dvc repro math-quantize@int8"),
    ],
)
def test_a_missing_input_says_what_to_run(tmp_path, monkeypatch, stage, message):
    (tmp_path / "params.yaml").write_text(PARAMS.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "data/math").mkdir(parents=True)
    (tmp_path / "data/math/classes.txt").write_text("+\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InkError, match=message):
        run(monkeypatch, stage, "int8")
