"""Every Beam stage on a real Flink cluster leaves the bytes of a local run, and both task managers work."""

from pathlib import Path

import pytest

from cluster import flink
from pipeline.jobs import decode, math_decode, math_split, runner, split
from pipeline.jobs.accounts import Output
from pipeline.jobs.parts import Files
from pipeline.params import Decode, MathSplit, Split
from tests.jobs import tiny_math
from tests.jobs.tiny_casia import digests, gnt

JOBS = 2  # of a branch
SHARES = {"seed": 1, "test": 0.3, "validation": 0.3}

pytestmark = [pytest.mark.flink, pytest.mark.timeout(1200)]


def write_source(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for writer in range(1001, 1007):
        (folder / f"{writer}-f.gnt").write_bytes(gnt(writer))
    return folder


def characters(source: Path, folder: Path) -> dict[str, str]:
    """Digests of everything that decode and split leave below `folder`."""
    output = Output(folder / "decoded", folder / "classes.txt", folder / "decode.json")
    decode.run(Decode(source=str(source), charset="all", max_bad_fraction=0, shards=3), output)
    files = Files(folder / "decoded", folder / "splits", folder / "split.json")
    split.run(Split(by="sample", shards=2, **SHARES), files)
    return digests(folder)


def math(source: Path, folder: Path) -> dict[str, str]:
    """The same of math-decode and math-split."""
    output = Output(folder / "decoded", folder / "classes.txt", folder / "decode.json")
    math_decode.run(tiny_math.params(source), output)
    files = Files(folder / "decoded", folder / "splits", folder / "split.json")
    math_split.run(MathSplit(by="writer", shards=2, **SHARES), files)
    return digests(folder)


def finished() -> set[str]:
    """The jobs that Flink has finished."""
    return {job["jid"] for job in flink.rest("jobs/overview")["jobs"] if job["state"] == "FINISHED"}


def task_managers(job: str) -> set[str]:
    """Where the pieces of a job ran."""
    vertices = flink.rest(f"jobs/{job}")["vertices"]
    pieces = (piece for v in vertices for piece in flink.rest(f"jobs/{job}/vertices/{v['id']}")["subtasks"])
    return {piece["taskmanager-id"] for piece in pieces}


@pytest.mark.parametrize(("branch", "make"), [(characters, write_source), (math, tiny_math.make_source)])
def test_both_jobs_of_a_branch_leave_the_bytes_of_a_local_run(branch, make, tmp_path, monkeypatch):
    source = make(tmp_path / "source")
    expected = branch(source, tmp_path / "local")
    before = finished()
    monkeypatch.setenv(runner.VARIABLE, flink.OPTIONS)
    assert branch(source, tmp_path / "flink") == expected
    ran = finished() - before
    assert len(ran) == JOBS
    names = {f"task-manager-{number}" for number in range(1, flink.TASK_MANAGERS + 1)}
    assert all(task_managers(job) == names for job in ran)
