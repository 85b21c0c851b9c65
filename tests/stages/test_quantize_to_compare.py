"""Stages quantize, evaluate, report and compare, one after the other on a made-up project in its own directory."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from pipeline import files
from pipeline.edge import metadata
from pipeline.edge.export import keras
from pipeline.edge.gate import check
from pipeline.edge.litert import Runner
from pipeline.edge.variants import VARIANTS
from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.formats.parquet import write_samples
from pipeline.formats.png import encode_png
from pipeline.formats.sample import Sample
from pipeline.synthesis.hands.medians import encode_line
from stages import calibrate, compare, evaluate, quantize, report, run_stage
from tests.stages.math_metrics import write_math_metrics

CLASSES = ["上", "下", "右", "亍"]  # the last is outside GB2312 level 1
TEST_SAMPLES = 20
TRAIN_TOP1 = 0.75

PARAMS = Path("params.yaml").resolve()


def write_part(directory: Path, part: str, size: int) -> None:
    rng = np.random.default_rng(size)
    samples = []
    for index in range(size):
        label = index % len(CLASSES)
        image = encode_png(rng.integers(0, 256, (56, 56)).astype(np.uint8))
        samples.append(Sample(f"1001/{index:06d}", "1001", CLASSES[label], label, 40, 40, image))
    write_samples(directory / f"{part}-00000-of-00001.parquet", samples, CLASSES)


def run(monkeypatch, stage, *arguments: str) -> None:
    stage.main(*arguments)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Everything that stage quantize reads, then the outputs of the three stages."""
    root = tmp_path_factory.mktemp("project")
    text = PARAMS.read_text(encoding="utf-8")
    (root / "params.yaml").write_text(text.replace("rarer: 1.0", "rarer: 3"), encoding="utf-8")
    (root / "data/splits/parquet").mkdir(parents=True)
    write_part(root / "data/splits/parquet", "train", 8)
    write_part(root / "data/splits/parquet", "validation", 40)
    (root / "data/raw/medians").mkdir(parents=True)
    (root / "data/raw/medians/medians.jsonl").write_text(
        encode_line("十", (((100, 500), (920, 470)), ((510, 60), (515, 960)))), encoding="utf-8"
    )
    write_part(root / "data/splits/parquet", "test", TEST_SAMPLES)
    (root / "data/classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    (root / "models/hccr").mkdir(parents=True)
    keras.utils.set_random_seed(1)
    layers = keras.layers
    stack = [layers.Rescaling(1 / 255), layers.Conv2D(8, 3, strides=4), layers.GlobalMaxPooling2D(), layers.Dense(4)]
    keras.Sequential([keras.Input((56, 56, 1)), *stack]).save(root / "models/hccr/model.keras")
    files.write_json(root / "metrics/train/metrics.json", {"train": {"accuracy_clean": TRAIN_TOP1}})
    write_math_metrics(root)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(root)
        run(monkeypatch, calibrate)
        for stage in (quantize, evaluate, report):
            for variant in VARIANTS:
                run(monkeypatch, stage, variant)
        run(monkeypatch, compare)
    return root


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_file_passes_the_gate(project, variant):
    graph = check((project / f"models/hccr/{variant}.tflite").read_bytes())
    assert [tensor.shape for tensor in (*graph.inputs, *graph.outputs)] == [(1, 56, 56, 1), (1, len(CLASSES))]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_file_tells_how_it_is_used(project, variant):
    told = metadata.read((project / f"models/hccr/{variant}.tflite").read_bytes())
    assert (told.kind, told.labels, told.normalisation) == ("characters", tuple(CLASSES), {"side": 56, "margin": 4})
    assert told.threshold == read_json(project / "metrics/calibration.json")["threshold"]


def test_the_calibration_is_measured_and_drawn(project):
    figures = read_json(project / "metrics/calibration.json")
    assert list(figures) == [
        "temperature", "ece_before", "ece", "threshold", "auroc", "known_kept", "strangers_turned_away",
    ]  # fmt: skip
    assert all(0 <= value <= 1 for name, value in figures.items() if name != "temperature")
    written = read_json(project / "models/hccr/calibration.json")
    assert written == {name: figures[name] for name in ("temperature", "threshold")} | {"rarer": 3}
    curve = read_json(project / "plots/roc.json")
    assert (curve[0]["known_kept"], curve[0]["strangers_taken"]) == (1.0, 1.0)


def test_temperature_and_prior_are_in_the_file(project):
    model = keras.models.load_model(project / "models/hccr/model.keras", compile=False)
    image = np.random.default_rng(5).integers(0, 256, (1, 56, 56, 1)).astype(np.float32)
    temperature = read_json(project / "models/hccr/calibration.json")["temperature"]
    prior = [0.0 if char in GB2312_LEVEL1 else -math.log(3) for char in CLASSES]
    expected = keras.ops.softmax((model(image) + np.array(prior, np.float32)) / temperature)
    found = Runner((project / "models/hccr/float32.tflite").read_bytes())(image)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_metrics_are_flat_and_complete(project, variant):
    metrics = read_json(project / f"metrics/{variant}.json")
    assert metrics["test_samples"] == TEST_SAMPLES
    assert metrics["classes"] == len(CLASSES)
    assert metrics["bytes"] == (project / f"models/hccr/{variant}.tflite").stat().st_size
    assert metrics["top1"] <= metrics["top5"] == metrics["top10"] == 1.0  # of four classes
    times = read_json(project / f"metrics/times/{variant}.json")
    assert times["threads"] == 1
    assert 0 < times["p50_ms"] <= times["p95_ms"]


def test_float32_agrees_with_itself(project):
    assert read_json(project / "metrics/float32.json")["agreement"] == 1.0


@pytest.mark.parametrize("variant", VARIANTS)
def test_plots_tell_the_mistakes(project, variant):
    metrics = read_json(project / f"metrics/{variant}.json")
    confusions = read_json(project / f"plots/confusions/{variant}.json")
    mistakes = round((1 - metrics["top1"]) * TEST_SAMPLES)
    assert sum(row["count"] for row in confusions) == mistakes > 0
    assert {row["truth"] for row in confusions} <= set(CLASSES)
    assert (project / f"plots/confusions/{variant}.png").read_bytes().startswith(b"\x89PNG")
    worst = read_json(project / f"plots/worst/{variant}.json")
    assert [row["recall"] for row in worst] == sorted(row["recall"] for row in worst)
    assert sum(row["samples"] for row in worst) == TEST_SAMPLES


def test_the_report_has_a_row_for_the_article_and_each_variant(project):
    report = (project / "reports/comparison.md").read_text(encoding="utf-8")
    for text in ("94.00 %", "3.23", "98.00 %", "75.00 %", *VARIANTS, f"{TEST_SAMPLES} test samples"):
        assert text in report
    assert [row["variant"] for row in read_json(project / "plots/variants.json")] == list(VARIANTS)


def test_the_report_has_the_detectors_tables(project):
    report = (project / "reports/comparison.md").read_text(encoding="utf-8")
    assert report.startswith("# Variants\n")
    for text in (
        "the article, engine",
        "240",
        "ssd_fpn",
        "ResNet-101-FPN Faster R-CNN",
        "158 x",
        "Each trained alike.",
    ):
        assert text in report
    rows = read_json(project / "plots/math/variants.json")
    assert [row["variant"] for row in rows] == list(VARIANTS)


def test_evaluate_again_changes_the_times_alone(project, monkeypatch):
    monkeypatch.chdir(project)
    kept = [Path("metrics/dynamic.json"), Path("data/readings/dynamic.parquet")]
    before = [path.read_bytes() for path in kept]
    run(monkeypatch, evaluate, "dynamic")
    assert [path.read_bytes() for path in kept] == before


def test_quantize_again_gives_the_same_bytes(project, monkeypatch):
    monkeypatch.chdir(project)
    path = project / "models/hccr/int8.tflite"
    before = path.read_bytes()
    run(monkeypatch, quantize, "int8")
    assert path.read_bytes() == before


def test_nothing_half_written_is_left(project):
    assert not list(project.rglob("*.partial"))


@pytest.mark.parametrize("arguments", [[], ["int4"], ["int8", "int8"]])
@pytest.mark.parametrize("stage", [quantize, evaluate])
def test_a_wrong_variant_ends_with_the_usage(monkeypatch, capsys, stage, arguments):
    monkeypatch.setattr("sys.argv", ["", *arguments])
    with pytest.raises(SystemExit):
        run_stage(stage.main, VARIANTS)
    assert "{float32,float16,dynamic,int8}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stage", "arguments", "message"),
    [
        (quantize, ["dynamic"], r"model\.keras: expected the trained network, .*dvc repro train"),
        (evaluate, ["dynamic"], r"dynamic\.tflite: expected the exported model, .*dvc repro quantize@dynamic"),
        (compare, [], r"float32\.json: expected metrics, .*dvc repro"),
    ],
)
def test_a_missing_input_says_what_to_run(tmp_path, monkeypatch, stage, arguments, message):
    (tmp_path / "params.yaml").write_text(PARAMS.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/classes.txt").write_text("一\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InkError, match=message):
        run(monkeypatch, stage, *arguments)


def test_a_class_list_of_another_model_is_refused(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(quantize, "CLASSES", tmp_path / "classes.txt")
    (tmp_path / "classes.txt").write_text("一\n丁\n", encoding="utf-8")
    with pytest.raises(InkError, match="each of the model's 4 classes, found 2 labels"):
        run(monkeypatch, quantize, "dynamic")


def test_a_model_of_other_classes_is_refused(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(evaluate, "MODELS", tmp_path)
    data = (project / "models/hccr/float32.tflite").read_bytes()
    described = metadata.describe(data, "一丁七万", {"side": 56, "margin": 4})
    (tmp_path / "float32.tflite").write_bytes(described)
    with pytest.raises(InkError, match="expected a model of the 4 classes in data/splits, found one of 4 other"):
        run(monkeypatch, evaluate, "float32")
