"""Only the pinned files are run."""

import pytest

from cluster.install import BEAM, PINS, SPARK, check, hashes
from pipeline.errors import InkError


@pytest.fixture
def jars(tmp_path):
    """A folder of one file, and the list that pins it."""
    folder, pins = tmp_path / "jars", tmp_path / "jars.sha256"
    folder.mkdir()
    (folder / "one.jar").write_bytes(b"one")
    pins.write_text(hashes(folder), encoding="utf-8")
    return folder, pins


def test_the_pinned_files_pass(jars):
    check(*jars)


@pytest.mark.parametrize(("name", "data"), [("one.jar", b"changed"), ("two.jar", b"too many")])
def test_other_files_are_refused(name, data, jars):
    folder, pins = jars
    (folder / name).write_bytes(data)
    with pytest.raises(InkError, match=f"expected the 1 files of jars.sha256, found others: {name}"):
        check(folder, pins)


@pytest.mark.parametrize(
    "folder", [pytest.param(BEAM, marks=pytest.mark.flink), pytest.param(SPARK, marks=pytest.mark.spark)]
)
def test_what_the_cluster_runs_is_what_was_pinned(folder):
    check(folder, PINS[folder])
