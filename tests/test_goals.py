"""The project's goals for the embedded corpus, compared with the committed metrics of the last `dvc repro`."""

import json
from pathlib import Path

import pytest

from pipeline.edge.variants import VARIANTS
from pipeline.formats.charset import read_class_list
from pipeline.report.math_comparison import times_less

METRICS = Path("metrics")
TOP1 = 0.98  # on writers unseen in training
DYNAMIC_LOSS = 0.002  # of top-1 against float32

MATH_AP50 = 0.75  # of the default detector, mean over all 101 classes, look-alikes too
MATH_LOSS = {"float16": 0.002, "dynamic": 0.01, "int8": 0.015}  # of AP and AP50 against float32
MATH_FLOAT16_BYTES = 10_000_000
MATH_TIMES_LESS_COMPUTE = 100  # than a ResNet-101-FPN Faster R-CNN on the same canvas


def _metrics(name: str) -> dict:
    return json.loads((METRICS / f"{name}.json").read_text(encoding="utf-8"))


def test_reads_writers_it_has_never_seen():
    split = _metrics("split")
    assert split["writers_test"] >= 10
    assert split["classes_missing_train"] == split["classes_missing_test"] == 0
    assert _metrics("float32")["top1"] >= TOP1


def test_dynamic_range_quantization_costs_next_to_nothing():
    assert _metrics("float32")["top1"] - _metrics("dynamic")["top1"] <= DYNAMIC_LOSS


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_was_measured_on_the_whole_test_part(variant):
    assert _metrics(variant)["test_samples"] == _metrics("split")["test"]


def test_finds_the_symbols_of_formulas():
    assert _metrics("math/float32")["ap50"] >= MATH_AP50


@pytest.mark.parametrize("variant", MATH_LOSS)
def test_smaller_detectors_lose_next_to_nothing(variant):
    float32, smaller = _metrics("math/float32"), _metrics(f"math/{variant}")
    assert float32["ap"] - smaller["ap"] <= MATH_LOSS[variant]
    assert float32["ap50"] - smaller["ap50"] <= MATH_LOSS[variant]


def test_the_detector_is_small():
    assert _metrics("math/float16")["bytes"] <= MATH_FLOAT16_BYTES
    assert times_less(_metrics("math/float32")) >= MATH_TIMES_LESS_COMPUTE


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_detector_was_measured_on_the_whole_test_part(variant):
    metrics = _metrics(f"math/{variant}")
    assert metrics["test_images"] == _metrics("math/split")["test"]
    assert metrics["classes"] == len(read_class_list("data/math/classes.txt", symbols=True))
