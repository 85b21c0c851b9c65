"""The tooling is consistent: supported Pythons, pinned tools, hooks, hosted CI."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CI = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M))


def test_supported_pythons_are_the_same_everywhere():
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    oldest, newest = versions[0], int(versions[-1].removeprefix("3."))
    assert PROJECT["project"]["requires-python"] == f">={oldest},<3.{newest + 1}"
    assert re.findall(r"for v in ([\d. ]+);", MAKEFILE) == [" ".join(versions)]
    assert CI["jobs"]["test"]["strategy"]["matrix"]["python"] == versions
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_hosted_ci_runs_targets_of_the_makefile():
    steps = [step.get("run", "") for step in CI["jobs"]["test"]["steps"]]
    called = [target for step in steps for target in re.findall(r"^make (\S+)", step, re.M)]
    assert called == ["install", "test", "check"]
    assert [target for target in called if not re.search(rf"^{target}:", MAKEFILE, re.M)] == []


def test_hooks_run_the_tools_that_are_pinned():
    hooks = [hook for repository in HOOKS["repos"] for hook in repository["hooks"]]
    assert {repository["repo"] for repository in HOOKS["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    tools = [hook["entry"].split()[0] for hook in hooks]
    assert tools == [".venv/bin/ruff", ".venv/bin/ruff", ".venv/bin/mypy"]
    assert {Path(tool).name for tool in tools} <= set(PINNED)


@pytest.mark.parametrize(
    "requirement", [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
)
def test_the_lock_has_what_the_project_asks_for(requirement):
    name, version = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?==(\S+)", requirement).groups()
    assert {key.lower(): value for key, value in PINNED.items()}[name.lower()] == version


def test_the_lock_names_no_host():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.lstrip().startswith("#") and "/" in line] == []
