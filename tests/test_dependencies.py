"""The dependencies in dvc.yaml are exactly what each stage imports and reads: nothing is missing, nothing is too much.

What a stage imports comes from `pipeline.closure`, what it reads from the paths that its script takes from
`stages.paths` and from the params that name a source.
"""

import ast
import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

from pipeline.closure import EXEMPT, closure
from pipeline.edge.variants import VARIANTS
from stages import paths
from tests.project import ROOT

DVC = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
STAGES = DVC["stages"]
CODE = ("pipeline/", "stages/")

# Inputs that no path of `stages.paths` names, and why.
OTHER_DATA = {
    "decode": {"data/source.txt"},  # has DVC run `source` before
    "math-decode": {"data/math/source.txt"},
    "medians": {"package.json", "package-lock.json"},  # what npm installs, by version and hash
    "app": {f"app/{name}" for name in ("index.html", "package.json", "package-lock.json", "src", "static")}
    | {"app/tsconfig.json", "app/vite.config.ts"},  # what Vite builds the page from
}

# Outputs that DVC does not know: times differ from run to run, dvc.lock holds what every run gives again.
UNTRACKED = {"metrics/times", "metrics/math/times"}


def listed(stage: str, *kinds: str) -> set[str]:
    """The paths that a stage lists under `kinds`: deps, outs, metrics."""
    entries = [entry for kind in kinds for entry in STAGES[stage].get(kind, [])]
    return {next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries}


def files_of(path: str) -> set[str]:
    """A file itself, or the source files of a folder, without `__init__.py` that hold a docstring only."""
    if (ROOT / path).is_file():
        return {path}
    inside = {file.relative_to(ROOT).as_posix() for file in (ROOT / path).rglob("*") if is_source(file)}
    assert inside, f"{path}: listed in dvc.yaml, but not there"
    return {file for file in inside if not is_bare(ROOT / file)}


def is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def is_bare(path: Path) -> bool:
    return path.name == "__init__.py" and len(ast.parse(path.read_text(encoding="utf-8")).body) == 1


def module_of(stage: str) -> str:
    return f"stages.{stage.replace('-', '_')}"


@pytest.mark.parametrize("stage", STAGES)
def test_the_code_of_a_stage_is_what_it_imports(stage):
    code = {path for path in listed(stage, "deps") if path.startswith(CODE)}
    found = set().union(*(files_of(path) for path in code))
    expected = closure(module_of(stage))
    add, remove = sorted(expected - found), sorted(found - expected)
    assert (add, remove) == ([], []), f"dvc.yaml, stage {stage}: add {add}, remove {remove} (or list files, no folder)"


@pytest.mark.parametrize("stage", STAGES)
def test_the_data_of_a_stage_is_what_it_reads(stage):
    script = ast.parse((ROOT / f"{module_of(stage).replace('.', '/')}.py").read_text(encoding="utf-8"))
    names = {
        alias.name
        for node in ast.walk(script)
        if isinstance(node, ast.ImportFrom) and node.module == "stages.paths"
        for alias in node.names
    }
    used = {getattr(paths, name).as_posix() for name in names} - UNTRACKED
    data = {path for path in listed(stage, "deps") if not path.startswith((*CODE, "${"))} - OTHER_DATA.get(stage, set())
    outs = listed(stage, "outs", "metrics")
    missing = {path for path in used if not any(related(path, other) for other in data | outs)}
    unused = {path for path in data if not any(related(path, other) for other in used)}
    assert (missing, unused) == (set(), set())


def related(one: str, other: str) -> bool:
    """Whether one path is the other, or lies in it; `${item.variant}` stands for any name."""
    one, other = (re.sub(r"\$\{item\.\w+\}", "@", path) for path in (one, other))
    return (
        one == other
        or PurePosixPath(one) in PurePosixPath(other).parents
        or PurePosixPath(other) in PurePosixPath(one).parents
    )


@pytest.mark.parametrize("stage", ["decode", "math-decode"])
def test_sources_that_params_name_are_dependencies(stage):
    section = stage.replace("-", ".")
    expected = {f"${{{section}.source}}"} | ({f"${{{section}.charset}}"} if stage == "decode" else set())
    assert {path for path in listed(stage, "deps") if path.startswith("${")} == expected


def test_no_stage_imports_another():
    for path in sorted((ROOT / "stages").glob("*.py")):
        own = {f"stages/{name}.py" for name in (path.stem, "__init__", "paths")}
        stages = {file for file in closure(f"stages.{path.stem}") if file.startswith("stages/")}
        assert stages <= own, path.name


def test_every_script_is_a_stage_and_the_reverse():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__", "paths"}
    assert scripts == {stage.replace("-", "_") for stage in STAGES}


def test_exemptions_are_modules_that_are_there():
    assert [path for path in EXEMPT if not (ROOT / path).is_file()] == []
    assert all(EXEMPT.values())


def test_the_runs_of_both_trainings_are_named_by_what_decides_their_weights():
    for training, stage in (("pipeline.hccr.training", "train"), ("pipeline.detector.training", "math-train")):
        only_in_stage = closure(module_of(stage)) - closure(training)
        # The class list and the way to save and to log do not change what an epoch computes.
        assert only_in_stage == {
            f"stages/{module_of(stage).removeprefix('stages.')}.py",
            "pipeline/formats/charset.py",
            "pipeline/learning/run.py",
            "pipeline/learning/saving.py",
        }


def outputs() -> set[str]:
    """The outputs of all stages, of every variant."""
    return {
        path.replace("${item.variant}", variant)
        for stage in STAGES
        for path in listed(stage, "outs")
        for variant in VARIANTS
    }


def test_dvc_draws_the_designed_charts_only():
    """What a stage lists as `plots`, DVC draws by default templates; charts at the top level have titles and axes."""
    assert [stage for stage in STAGES if "plots" in STAGES[stage]] == []
    sources = {
        path for plot in DVC["plots"] for path in ([plot] if isinstance(plot, str) else next(iter(plot.values()))["y"])
    }
    assert {path for path in sources if not any(related(path, out) for out in outputs())} == set()


def test_artifacts_are_outputs():
    assert {artifact["path"] for artifact in DVC["artifacts"].values()} <= outputs()


def test_committed_lock_depends_on_tracked_files_alone():
    stages = yaml.safe_load((ROOT / "dvc.lock").read_text(encoding="utf-8"))["stages"].values()
    folders = {
        (dep["path"], dep["nfiles"])
        for stage in stages
        for dep in stage["deps"]
        if dep["path"].startswith("pipeline/") and "nfiles" in dep
    }
    assert folders
    for path, files in folders:
        tracked = subprocess.run(["git", "ls-files", path], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert (path, files) == (path, len(tracked.splitlines()))
