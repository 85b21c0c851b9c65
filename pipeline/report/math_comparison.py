"""Compares detectors in tables: variants with the article, three architectures, our compute with that of a ResNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.comparison import NONE
from pipeline.report.reference import faster_rcnn_resnet

Metrics = Mapping[str, Any]  # metrics of one variant, see `pipeline.scoring.detector.summarise`

VARIANT_HEADER = ("model", "AP50", "AP", "loss", "AP50 w.", "Seg+Class R/P", "MB", "params", "MACs")
ARCHITECTURE_HEADER = ("architecture", "AP50", "AP", "AP50 w.", "MACs", "params", "MB", "ms")
COMPUTE_HEADER = ("part", "GMACs", "of ours")
REFERENCE_DEPTH = 101
REFERENCE_NAME = "ResNet-101-FPN Faster R-CNN"


@dataclass(frozen=True)
class DetectorArticle:
    """Figures of the article.

    Attributes:
        engine: size in MB of the engine that the detector replaced.
        float32, float16: sizes in MB of the MobileNet-FPN Faster R-CNN.
        times_less_compute: factor by which its compute is lower than that of a ResNet.
    """

    engine: float = 240
    float32: float = 40
    float16: float = 20
    times_less_compute: int = 100


ARTICLE = DetectorArticle()


def variant_rows(variants: Mapping[str, Metrics]) -> list[list[str]]:
    """Rows under `VARIANT_HEADER`: the article's files, then one row per variant.

    Args:
        variants: metrics by variant name; must contain float32.
    """
    rows = [
        [f"the article, {name}", *[NONE] * 5, f"{megabytes:.0f}", *[NONE] * 2]
        for name, megabytes in (("engine", ARTICLE.engine), ("float32", ARTICLE.float32), ("float16", ARTICLE.float16))
    ]
    for name, metrics in variants.items():
        lost = (variants["float32"]["ap"] - metrics["ap"]) * 100
        rows.append(
            [
                name,
                _percent(metrics["ap50"]),
                _percent(metrics["ap"]),
                NONE if name == "float32" else f"{lost:+.2f}",
                _percent(metrics["ap50_weighted"]),
                _pair(metrics),
                f"{metrics['bytes'] / 1e6:.2f}",
                f"{metrics['params'] / 1e6:.2f} M",
                f"{metrics['macs'] / 1e6:.0f} M",
            ]
        )
    return rows


def conditions(metrics: Metrics) -> str:
    """Describes the conditions of the measurement and the short column names."""
    present = metrics["classes"] - metrics["classes_missing_test"]
    strokes = (
        f"\nSeg+Class: CROHME's recall and precision of strokes, {metrics['test_ink']:,} handwritten formulas, "
        f"score ≥ {metrics['threshold']:.2f} (chosen on the validation part)."
        if metrics["test_ink"]
        else ""
    )
    return (
        f"{metrics['test_images']:,} test formulas, {metrics['test_boxes']:,} symbols of {present} classes, boxes in "
        f"pixels of the {metrics['canvas_height']}x{metrics['canvas_width']} canvas.\n"
        "AP50, AP: COCO's, mean over the classes; w.: weighted by how often each occurs; loss: points of AP against "
        f"float32. MB: 10^6 bytes.{strokes}"
    )


def architecture_rows(architectures: Sequence[Metrics]) -> list[list[str]]:
    """Rows under `ARCHITECTURE_HEADER`, from the results of `benchmarks.architectures`."""
    return [
        [
            row["arch"],
            _percent(row["ap50"]),
            _percent(row["ap"]),
            _percent(row["ap50_weighted"]),
            f"{row['macs'] / 1e6:.0f} M",
            f"{row['params'] / 1e6:.2f} M",
            f"{row['bytes'] / 1e6:.2f}",
            f"{row['p50_ms']:.1f}",
        ]
        for row in architectures
    ]


def compute_rows(metrics: Metrics) -> list[list[str]]:
    """Rows under `COMPUTE_HEADER`: each part of a ResNet-101-FPN Faster R-CNN on our canvas, its total, and ours."""
    parts = faster_rcnn_resnet(REFERENCE_DEPTH, metrics["canvas_height"], metrics["canvas_width"], metrics["classes"])
    ours = metrics["macs"]
    rows = [[name, _giga(macs), NONE] for name, macs in parts.items()]
    rows.append([REFERENCE_NAME, _giga(sum(parts.values())), f"{times_less(metrics):.0f} x"])
    rows.append(["ours", _giga(ours), "1 x"])
    return rows


def times_less(metrics: Metrics) -> float:
    """Ratio of the reference's compute to ours on the same canvas; the article reports 100."""
    parts = faster_rcnn_resnet(REFERENCE_DEPTH, metrics["canvas_height"], metrics["canvas_width"], metrics["classes"])
    return sum(parts.values()) / metrics["macs"]


def plot_rows(variants: Mapping[str, Metrics]) -> list[dict[str, str | float]]:
    """One flat row per variant, for `dvc plots`."""
    return [
        {
            "variant": name,
            "bytes": metrics["bytes"],
            "mb": round(metrics["bytes"] / 1e6, 3),
            "ap50": metrics["ap50"],
            "ap": metrics["ap"],
        }
        for name, metrics in variants.items()
    ]


def _pair(metrics: Metrics) -> str:
    if "seg_class_recall" not in metrics:
        return NONE
    return f"{metrics['seg_class_recall'] * 100:.1f} / {metrics['seg_class_precision'] * 100:.1f} %"


def _giga(macs: float) -> str:
    return f"{macs / 1e9:.2f}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
