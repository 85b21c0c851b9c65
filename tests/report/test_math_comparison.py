"""The detectors' tables, in the reader's units."""

import pytest

from pipeline.report import math_comparison

FLOAT32 = {
    "ap50": 0.91234,
    "ap": 0.7,
    "ap50_weighted": 0.95,
    "seg_class_recall": 0.9,
    "seg_class_precision": 0.8888,
    "threshold": 0.45,
    "bytes": 5_392_712,
    "params": 1_154_388,
    "macs": 235_000_000,
    "test_images": 1000,
    "test_ink": 700,
    "test_boxes": 12_345,
    "classes": 101,
    "classes_missing_test": 53,
    "canvas_height": 128,
    "canvas_width": 512,
}
DYNAMIC = FLOAT32 | {"ap": 0.695, "bytes": 1_900_000}
VARIANTS = {"float32": FLOAT32, "dynamic": DYNAMIC}
PHOTOS = {name: value for name, value in FLOAT32.items() if name not in {"seg_class_recall", "threshold"}}
ARCHITECTURE = {key: FLOAT32[key] for key in ("ap50", "ap", "ap50_weighted", "macs", "params", "bytes")} | {
    "p50_ms": 9.96
}

ARTICLE = (("engine", "240"), ("float32", "40"), ("float16", "20"))
OURS = ["91.2 %", "95.0 %", "90.0 / 88.9 %", "1.15 M", "235 M"]


def test_variants_stand_beside_the_articles_sizes():
    engine, large, half, float32, dynamic = math_comparison.variant_rows(VARIANTS)
    for row, (name, size) in zip((engine, large, half), ARTICLE, strict=True):
        assert row == [f"the article, {name}", *["–"] * 5, size, *["–"] * 2]
    assert float32 == ["float32", "91.2 %", "70.0 %", "–", *OURS[1:3], "5.39", *OURS[3:]]
    assert dynamic == ["dynamic", "91.2 %", "69.5 %", "+0.50", *OURS[1:3], "1.90", *OURS[3:]]
    assert {len(row) for row in (engine, float32)} == {len(math_comparison.VARIANT_HEADER)}


def test_a_part_without_ink_has_no_stroke_figures():
    assert math_comparison.variant_rows({"float32": PHOTOS})[-1][5] == "–"
    assert "Seg+Class" not in math_comparison.conditions(PHOTOS | {"test_ink": 0})


def test_conditions_are_stated():
    text = math_comparison.conditions(FLOAT32)
    for part in ("1,000 test formulas", "12,345 symbols of 48 classes", "128x512", "700 hand", "score ≥ 0.45"):
        assert part in text


def test_architectures():
    (row,) = math_comparison.architecture_rows([ARCHITECTURE | {"arch": "ssd_fpn"}])
    assert row == ["ssd_fpn", "91.2 %", "70.0 %", "95.0 %", "235 M", "1.15 M", "5.39", "10.0"]
    assert len(row) == len(math_comparison.ARCHITECTURE_HEADER)


def test_compute_stands_beside_a_resnets_on_the_same_canvas():
    rows = math_comparison.compute_rows(FLOAT32)
    assert [row[1] for row in rows] == ["10.19", "3.71", "3.24", "14.42", "31.55", "0.23"]
    assert rows[-2] == ["ResNet-101-FPN Faster R-CNN", "31.55", "134 x"]
    assert math_comparison.times_less(FLOAT32) == pytest.approx(31.553777664e9 / 235e6)


def test_plot_rows_are_flat():
    assert math_comparison.plot_rows({"dynamic": DYNAMIC}) == [
        {"variant": "dynamic", "bytes": 1_900_000, "mb": 1.9, "ap50": 0.91234, "ap": 0.695}
    ]
