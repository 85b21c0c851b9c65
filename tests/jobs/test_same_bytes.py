"""Both branches write the same bytes on every engine and for every order of their input.

To add an engine, add a line to `tests.jobs.execution.OPTIONS`. `make test-flink` runs the tests on Flink.
"""

import random
from pathlib import Path

import pytest

from pipeline.jobs.through_files import ShuffleThroughFiles
from tests.jobs.branches import BRANCHES
from tests.jobs.execution import WORKERS, work_with

ONE_PROCESS = "one process"


def in_the_order_given(monkeypatch):
    """The usual order: that of the file system and of the jobs."""


def in_random_order(monkeypatch):
    """This process lists files in a random order, and jobs hand out their work in another order."""
    rng = random.Random(7)
    for name in ("glob", "rglob", "iterdir"):
        monkeypatch.setattr(Path, name, shuffled(getattr(Path, name), rng))
    expand = ShuffleThroughFiles.expand

    def shuffle_units(self, start):
        rng.shuffle(self.units)
        return expand(self, start)

    monkeypatch.setattr(ShuffleThroughFiles, "expand", shuffle_units)


def shuffled(listing, rng):
    def listed(*args):
        found = list(listing(*args))
        rng.shuffle(found)
        return iter(found)

    return listed


@pytest.fixture(scope="module", params=BRANCHES)
def made(request, tmp_path_factory):
    """A branch, its source, and the digests of a run in one process."""
    folder, branch = tmp_path_factory.mktemp(request.param), BRANCHES[request.param]
    source = branch.make_source(folder / "source")
    return branch, source, branch.run(source, folder / "expected")


@pytest.mark.parametrize("order", [in_the_order_given, in_random_order])
@pytest.mark.parametrize("engine", [ONE_PROCESS, *WORKERS])
def test_the_bytes_depend_neither_on_the_engine_nor_on_the_order(made, engine, order, tmp_path, monkeypatch):
    branch, source, expected = made
    assert {Path(name).parts[0] for name in expected} == {
        *("decoded", "classes.txt", "decode.json"),
        *("splits", "splits.json"),
    }
    order(monkeypatch)
    if engine != ONE_PROCESS:
        work_with(engine, monkeypatch)
    assert branch.run(source, tmp_path) == expected


def test_the_random_order_is_one(made, monkeypatch):
    _, source, _ = made
    files = list(source.rglob("*"))
    in_random_order(monkeypatch)
    assert list(source.rglob("*")) != files
    assert sorted(source.rglob("*")) == sorted(files)
