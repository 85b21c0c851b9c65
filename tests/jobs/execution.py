"""Variations of the execution of a job, none of which may change its bytes."""

import json
from pathlib import Path

import pytest

from cluster import flink, spark, store
from pipeline.jobs import runner, staging, through_files
from pipeline.jobs.parts import PARTS, Files

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
OPTIONS = {
    "two processes": None,
    "options in the environment": f"--runner={RUNNER} --direct_running_mode=multi_threading --direct_num_workers=2",
    "Flink": flink.OPTIONS,
    "Spark": spark.OPTIONS,
}
LONG = pytest.mark.timeout(1800)
MARKS = {"Flink": (pytest.mark.flink, LONG), "Spark": (pytest.mark.spark, LONG)}
WORKERS = [pytest.param(name, marks=MARKS.get(name, ())) for name in OPTIONS]


def work_with(workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes jobs run with one of `WORKERS`."""
    options = OPTIONS[workers]
    if options is None:
        monkeypatch.setattr(runner, "PARALLEL_FROM", 0)
        monkeypatch.setenv("INK2EDGE_WORKERS", "2")
    else:
        monkeypatch.setenv(runner.VARIABLE, options)
    if workers in MARKS:  # their workers see only the store
        for name, value in (store.ENVIRONMENT | {staging.VARIABLE: store.STAGING}).items():
            monkeypatch.setenv(name, value)


def work_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes jobs do every piece of work twice, as runners may."""

    def twice(step):
        return lambda *args, **sides: (list(step(*args, **sides)), step(*args, **sides))[1]

    for step in (through_files._Make, through_files._Publish):
        monkeypatch.setattr(step, "process", twice(step.process))


def quarantine(path: Path) -> list[dict]:
    """The lines of a quarantine."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def files(folder: Path, name: str = "splits") -> Files:
    """The paths that a split job reads and writes below `folder`."""
    return Files(folder / "decoded", folder / name, folder / f"{name}.json")


def parts(folder: Path, read, name: str = "splits") -> dict[str, list]:
    """The result of `read` for the shards of each part, in their order."""
    paths = sorted((folder / name / "parquet").iterdir())
    return {part: [row for p in paths if p.name.startswith(f"{part}-") for row in read(p)] for part in PARTS}


def write_decoded(folder: Path, write, rows: list, classes: list[str], shards: int) -> Path:
    """Calls `write` to write decoded rows for a split job."""
    (folder / "decoded/parquet").mkdir(parents=True)
    for shard in range(shards):
        path = folder / f"decoded/parquet/samples-{shard:05d}-of-{shards:05d}.parquet"
        write(path, rows[shard::shards], classes)
    return folder
