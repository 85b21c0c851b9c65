"""The documentation names only what exists: files, headings, commands, options, stages, parameters, figures."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.edge.variants import VARIANTS
from tests.pages import CHECKS, Page, links, modules, parameters, paths, stages, targets, variables

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "THIRD_PARTY.md")),
    *(ROOT / name for name in ("data/README.md", "benchmarks/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
README_LINES = 120


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_only_what_exists(path, check):
    assert list(check(Page(path.read_text(encoding="utf-8"), path.parent))) == []


WRONG = """\
# A page

See [this](none.md), [that](../README.md#no-such-chapter), [here](#a-page) and <img src="none.png">.

```
$ make everything && make install PYTHON=python3
. .venv/bin/activate                          # don't: `make nothing` is a comment
python -m pipeline.nothing
python -m pipeline.recognize --loud --json picture.png
dvc repro evaluate@dynamic evaluate@double
dvc exp run --name one -S train.epochs=1,2 --queue train
dvc exp run -S train.epoch=3 -S train.epochs=0 \\
    -S split.by=reader math-nothing
```

`INK2EDGE_WORKERS`, `INK2EDGE_SPEED`, `pipeline/nothing.py`, `metrics/dynamic.json`, `metrics/double.json`,
`math.train.arch`, `math.train.nothing`, `split.by=writer`, `data/raw/mine`, `make nothing`.
"""
COMPLAINTS = {
    links: [
        "link to none.md: no such file",
        "link to ../README.md#no-such-chapter: no such heading",
        "link to none.png: no such file",
    ],
    targets: ["make everything: no such target", "make nothing: no such target"],
    modules: ["python -m pipeline.nothing: no such command", "pipeline.recognize --loud: no such option"],
    stages: [
        "dvc repro evaluate@double: no such stage",
        "-S train.epoch: no such parameter",
        "-S train.epochs=0: 1 wrong value(s)",
        "-S split.by=reader: 1 wrong value(s)",
        "dvc exp math-nothing: no such stage",
    ],
    parameters: ["-S math.train.nothing: no such parameter"],
    paths: ["pipeline/nothing.py: no such file", "metrics/double.json: no such file"],
    variables: ["INK2EDGE_SPEED: nothing reads it"],
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_does_not_exist_is_found(check):
    found = [line.partition("\n")[0] for line in check(Page(WRONG, ROOT / "docs"))]
    assert found == COMPLAINTS[check]


def test_readme_fits():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_every_page_can_be_reached_from_readme():
    found, todo = set(), {ROOT / "README.md"}
    while todo:
        path = todo.pop()
        found.add(path)
        linked = re.findall(r"\]\(([^)#\s:]+\.md)", path.read_text(encoding="utf-8"))
        todo |= {(path.parent / target).resolve() for target in linked} - found
    assert [path for path in PAGES if path not in found] == []


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.M)
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = re.findall(r"^make (\S+) +(\S.*)$", done.stdout, re.M)
    assert [name for name, _ in lines] == re.findall(r"^([a-z][a-z-]*):", makefile, re.M)
    assert sorted(name for name, _ in lines) == sorted(phony.split())


def test_readme_has_the_figures_of_the_last_run():
    """Of the committed metrics or, before a commit, of those that the last run wrote."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = [figures(committed), figures(written)]
    assert any(table in readme for table in expected), f"README.md: expected this table:\n\n{expected[-1]}"


def committed(path: str) -> dict[str, float]:
    """A metrics file in git; the one on disk if git has none."""
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return written(path) if done.returncode else json.loads(done.stdout)


def written(path: str) -> dict[str, float]:
    """A metrics file on disk."""
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def figures(read: Callable[[str], dict[str, float]]) -> str:
    """README's table from metrics and times."""
    lines = ["| recogniser | variant | accuracy | size, MB | latency, ms |", "|---|---|--:|--:|--:|"]
    for name in VARIANTS:
        metrics, times = read(f"metrics/{name}.json"), read(f"metrics/times/{name}.json")
        accuracy, size = f"{metrics['top1']:.2%}".replace("%", " % top-1"), f"{metrics['bytes'] / 1e6:.2f}"
        lines.append(f"| characters | {name} | {accuracy} | {size} | {times['p50_ms']:.2f} |")
    for name in VARIANTS:
        metrics, times = read(f"metrics/math/{name}.json"), read(f"metrics/math/times/{name}.json")
        accuracy, size = f"{metrics['ap50']:.1%}".replace("%", " % AP50"), f"{metrics['bytes'] / 1e6:.2f}"
        lines.append(f"| formulas | {name} | {accuracy} | {size} | {times['p50_ms']:.1f} |")
    return "\n".join(lines) + "\n"


def test_a_table_is_made_of_metrics():
    made_up = {"top1": 0.99123, "ap50": 0.955, "bytes": 1_112_000, "p50_ms": 0.394}
    lines = figures(lambda path: made_up).splitlines()
    assert lines[2] == "| characters | float32 | 99.12 % top-1 | 1.11 | 0.39 |"
    assert lines[-1] == "| formulas | int8 | 95.5 % AP50 | 1.11 | 0.4 |"
    assert len(lines) == 2 + 2 * len(VARIANTS)
