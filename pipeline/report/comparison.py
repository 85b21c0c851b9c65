"""Compares the variants of the classifier with the published figures in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Metrics = Mapping[str, Any]  # metrics of one variant, see `pipeline.scoring.classifier.summarise`

HEADER = ("model", "top-1", "top-5", "train", "agree", "MB", "params", "MACs")
NONE = "–"


@dataclass(frozen=True)
class Article:
    """Figures of the article's dynamic-range model: four Inception modules and GAP, 56x56, HWDB1.1 split 8:2."""

    top1: float = 0.94
    train_top1: float = 0.98
    megabytes: float = 3.23


ARTICLE = Article()


def table(variants: Mapping[str, Metrics], train_top1: float) -> list[list[str]]:
    """Rows under `HEADER`: the article, then one row per variant.

    Args:
        variants: metrics by variant name.
        train_top1: top-1 of the network on the training part before export; shown in the row of float32.
    """
    article = ["the article", _percent(ARTICLE.top1), NONE, _percent(ARTICLE.train_top1), NONE]
    rows = [[*article, f"{ARTICLE.megabytes:.2f}", *[NONE] * 2]]
    for name, metrics in variants.items():
        rows.append(
            [
                name,
                _percent(metrics["top1"]),
                _percent(metrics["top5"]),
                _percent(train_top1) if name == "float32" else NONE,
                _percent(metrics["agreement"]),
                f"{metrics['bytes'] / 1e6:.2f}",
                f"{metrics['params'] / 1e6:.2f} M",
                f"{metrics['macs'] / 1e6:.0f} M",
            ]
        )
    return rows


def conditions(metrics: Metrics) -> str:
    """Describes the conditions of the measurement and the short column names, in three lines."""
    return (
        f"{metrics['test_samples']:,} test samples of {metrics['classes']:,} classes.\n"
        "train: top-1 on the training part. agree: share read as float32 reads it. MB: 10^6 bytes.\n"
        "The article's figures: CASIA HWDB1.1 (3,755 classes), dynamic-range quantization."
    )


def plot_rows(variants: Mapping[str, Metrics]) -> list[dict[str, str | float]]:
    """One flat row per variant, for `dvc plots`."""
    return [
        {
            "variant": name,
            "bytes": metrics["bytes"],
            "mb": round(metrics["bytes"] / 1e6, 3),
            "top1": metrics["top1"],
        }
        for name, metrics in variants.items()
    ]


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"
