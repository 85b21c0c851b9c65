"""The documentation names only what exists: files, headings, commands, options, stages, parameters, figures."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_readme_has_the_figures_of_the_committed_report():
    """Of the committed one or, before a commit, the one that the last run wrote."""
    show = ["git", "show", "HEAD:reports/comparison.md"]
    committed = subprocess.run(show, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    reports = [committed, (ROOT / "reports" / "comparison.md").read_text(encoding="utf-8")]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = [figures(report) for report in reports if report]
    assert any(table in readme for table in expected), f"README.md: expected this table:\n\n{expected[-1]}"


def figures(report: str) -> str:
    """README's table, from those of a report."""
    lines = ["| recogniser | variant | accuracy | size, MB | latency, ms |", "|---|---|--:|--:|--:|"]
    for row in rows(report, "top-1", "p50/p95 ms"):
        lines.append(
            f"| characters | {row['model']} | {row['top-1']} top-1 | {row['MB']} | {first(row['p50/p95 ms'])} |"
        )
    for row in rows(report, "AP50", "1 / 2 threads ms"):
        lines.append(
            f"| formulas | {row['model']} | {row['AP50']} AP50 | {row['MB']} | {first(row['1 / 2 threads ms'])} |"
        )
    return "\n".join(lines) + "\n"


def rows(report: str, *columns: str) -> Iterator[dict[str, str]]:
    """Rows of our own models, from the table with these columns."""
    header: list[str] = []
    for line in report.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if set(columns) <= set(cells):
            header = cells
        elif not cells:
            header = []
        elif header and not set(cells[0]) <= set("-:") and "article" not in cells[0]:
            yield dict(zip(header, cells, strict=True))


def first(cell: str) -> str:
    return cell.partition("/")[0].strip()


def test_a_table_is_made_of_a_report():
    report = """\
| model       |  top-1 |   MB | p50/p95 ms |
|-------------|-------:|-----:|-----------:|
| the article | 94.0 % | 3.23 |          – |
| dynamic     | 99.1 % | 1.11 |  0.39/0.43 |

| model   |   AP50 |   MB | 1 / 2 threads ms |
|---------|-------:|-----:|-----------------:|
| float16 | 95.5 % | 3.97 |        5.6 / 4.8 |
"""
    assert figures(report).splitlines()[2:] == [
        "| characters | dynamic | 99.1 % top-1 | 1.11 | 0.39 |",
        "| formulas | float16 | 95.5 % AP50 | 3.97 | 5.6 |",
    ]
