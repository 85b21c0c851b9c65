"""The cluster of `make flink-up` does all the work; tests/jobs/test_same_bytes.py checks its outputs."""

import pytest

from cluster import flink
from tests.jobs.branches import BRANCHES
from tests.jobs.execution import work_with

pytestmark = [pytest.mark.flink, pytest.mark.timeout(1800)]


def finished() -> set[str]:
    """The jobs that Flink has completed."""
    return {job["jid"] for job in flink.rest("jobs/overview")["jobs"] if job["state"] == "FINISHED"}


def task_managers(job: str) -> set[str]:
    """Where the pieces of a job ran."""
    vertices = flink.rest(f"jobs/{job}")["vertices"]
    pieces = (piece for v in vertices for piece in flink.rest(f"jobs/{job}/vertices/{v['id']}")["subtasks"])
    return {piece["taskmanager-id"] for piece in pieces}


@pytest.mark.parametrize("name", BRANCHES)
def test_both_task_managers_work_at_each_job(name, tmp_path, monkeypatch):
    branch = BRANCHES[name]
    work_with("Flink", monkeypatch)
    before = finished()
    branch.run(branch.make_source(tmp_path / "source"), tmp_path / "out")
    ran = finished() - before
    assert len(ran) == 2  # decoding and splitting
    names = {f"task-manager-{number}" for number in range(1, flink.TASK_MANAGERS + 1)}
    assert all(task_managers(job) == names for job in ran)
