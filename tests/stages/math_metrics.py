"""Made-up metrics of the math branch, for stage `compare`."""

from pathlib import Path

from pipeline.edge.variants import VARIANTS
from pipeline.files import write_json

METRICS = {
    "ap50": 0.9,
    "ap": 0.7,
    "ap50_weighted": 0.95,
    "seg_class_recall": 0.9,
    "seg_class_precision": 0.8,
    "threshold": 0.4,
    "bytes": 2_000_000,
    "params": 1_000_000,
    "macs": 200_000_000,
    "test_images": 30,
    "test_ink": 20,
    "test_boxes": 300,
    "classes": 101,
    "classes_missing_test": 53,
    "canvas_height": 128,
    "canvas_width": 512,
}
TIMES = {"p50_ms": 10.0, "p50_ms_2_threads": 6.0, "cpu": "Tiny CPU"}
ARCHITECTURE = {key: METRICS[key] for key in ("ap50", "ap", "ap50_weighted", "bytes", "params", "macs")} | {
    "p50_ms": 10.0
}


def write_math_metrics(root: Path) -> None:
    """Writes the inputs of `compare` from the math branch into a made-up project."""
    for variant in VARIANTS:
        write_json(root / f"metrics/math/{variant}.json", METRICS)
        write_json(root / f"metrics/math/times/{variant}.json", TIMES)
    benchmark = {"conditions": "Each trained alike.", "architectures": [ARCHITECTURE | {"arch": "ssd_fpn"}]}
    write_json(root / "benchmarks/architectures.json", benchmark)
