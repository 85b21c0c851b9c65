"""Which stages a change makes run: real DVC on a project whose outputs are made up, so that nothing is computed.

`dvc repro --dry` names the stages whose own dependencies changed; what comes after them follows as soon as they run.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipeline.edge.variants import VARIANTS
from tests.project import Project

# pygtrie, which DVC keeps paths in, warns of its own next version.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")

TRAININGS = {"train", "math-train"}


def each(*stages: str) -> set[str]:
    """The stages of every variant."""
    return {f"{stage}@{variant}" for stage in stages for variant in VARIANTS}


CHANGES = {
    # Measuring: evaluations, and the reports that show them.
    "pipeline/scoring/classification.py": each("evaluate", "report"),
    "pipeline/scoring/classifier.py": each("evaluate"),
    "pipeline/scoring/calibration.py": {"calibrate", *each("quantize", "evaluate")},
    "pipeline/scoring/coco.py": each("math-evaluate", "math-report"),
    "pipeline/scoring/strokes.py": each("math-evaluate"),
    # Reports.
    "pipeline/report/tables.py": {"compare"},
    "pipeline/report/comparison.py": {"compare"},
    "pipeline/report/confusions.py": each("report"),
    "pipeline/report/formula_sheet.py": each("math-report"),
    "pipeline/report/contact_sheet.py": {"strokes-sheet", "formulas-sheet", *each("report", "math-report")},
    # Ink.
    "pipeline/ink/canvas.py": {"math-decode", "math-train"},
    "pipeline/ink/normalise.py": {"strokes-sheet", "decode", "train", "calibrate", *each("quantize")},
    # Training.
    "pipeline/hccr/augment.py": {"train"},
    "pipeline/detector/augment.py": {"math-train"},
    "pipeline/learning/recipe.py": TRAININGS,
    # Export.
    "pipeline/edge/export.py": each("quantize", "math-quantize"),
    "pipeline/edge/ranges.py": each("quantize", "math-quantize"),
    "pipeline/edge/litert.py": each("evaluate", "math-evaluate"),
    # Data.
    "data/charsets/gb2312-level1.txt": {"decode"},
    "pipeline/formats/coco.py": {"math-decode", "math-split"},
    "pipeline/synthesis/formulas/glyphs.txt": {"formulas"},
    "pipeline/synthesis/hands/writers.py": {"strokes", "calibrate", "formulas"},
    "pipeline/synthesis/repertoire.py": {"strokes", "calibrate"},
    "pipeline/synthesis/strangers.py": {"calibrate"},
    "pipeline/synthesis/formulas/face_chars.py": {"math-faces", "formulas"},
    "pipeline/synthesis/tracing/faces.py": {"faces", "math-faces", "strokes"},
    "pipeline/synthesis/tracing/centre_lines.py": {"faces", "math-faces"},
    "pipeline/synthesis/tracing/likeness.py": {"faces", "math-faces", "calibrate"},
    "pipeline/jobs/decode.py": {"decode"},
    # The web app.
    "app/src/main.ts": {"app"},
    "pipeline/page/icons.py": {"app"},
    "released/README.md": {"app"},
    # What decides no byte.
    "pipeline/page/serve.py": set(),
    "pipeline/jobs/runner.py": set(),
    "pipeline/progress.py": set(),
    "pipeline/recognize/reader.py": set(),
    "README.md": set(),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project in which every stage is up to date."""
    project = Project.make(tmp_path_factory.mktemp("project"))
    stages = Repo(project.folder).index.stages
    # A dependency may lie within an output: data/splits/parquet.
    for file in [dep for stage in stages for dep in stage.deps] + [out for stage in stages for out in stage.outs]:
        path = Path(file.fs_path)
        if not path.exists():  # the learning curves are in git
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}\n", encoding="utf-8")
    project.run("dvc", "commit", "--force", "--quiet")
    return project.folder


@pytest.fixture(scope="module")
def repo(project) -> Repo:
    """The project as DVC knows it, with its stages: to read dvc.yaml and dvc.lock takes DVC longer than all else."""
    repo = Repo(project)
    assert repo.index.stages
    return repo


@pytest.fixture
def changed(project, request) -> Iterator[str]:
    """The path of a file that differs from what the stages read."""
    file = project / request.param
    before = file.read_bytes()
    file.write_bytes(before + b"\n")
    yield request.param
    file.write_bytes(before)


def dry_run(project: Path) -> set[str]:
    """The stages that `dvc repro --dry` would run."""
    return {stage.addressing for stage in Repo(project).reproduce(dry=True)}


def stale(repo: Repo) -> set[str]:
    """The same of stages that are loaded: `reproduce` asks each of them whether it changed."""
    with repo.lock:
        return {stage.addressing for stage in repo.index.stages if stage.changed()}


def test_without_a_change_nothing_runs(project, monkeypatch):
    monkeypatch.chdir(project)
    assert dry_run(project) == set()


@pytest.mark.parametrize("changed", ["pipeline/scoring/coco.py"], indirect=True)
def test_a_dry_run_names_the_stages_that_changed(project, changed, monkeypatch):
    monkeypatch.chdir(project)
    assert dry_run(project) == CHANGES[changed]


@pytest.mark.parametrize("changed", CHANGES, indirect=True)
def test_a_change_reruns_what_depends_on_it(repo, project, changed, monkeypatch):
    monkeypatch.chdir(project)
    assert stale(repo) == CHANGES[changed]
