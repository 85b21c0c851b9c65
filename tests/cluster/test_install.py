"""Only the pinned files are run."""

import pytest

from cluster.install import BEAM, PINS, check, hashes
from pipeline.errors import InkError


def test_the_pinned_files_pass(tmp_path):
    (tmp_path / "one.jar").write_bytes(b"one")
    check(tmp_path, hashes(tmp_path))


@pytest.mark.parametrize(("name", "data"), [("one.jar", b"changed"), ("two.jar", b"too many")])
def test_other_files_are_refused(name, data, tmp_path):
    (tmp_path / "one.jar").write_bytes(b"one")
    pins = hashes(tmp_path)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InkError, match=f"expected the 1 files of {PINS.name}, found others: {name}"):
        check(tmp_path, pins)


@pytest.mark.flink
def test_what_the_cluster_runs_is_what_was_pinned():
    check(BEAM, PINS.read_text(encoding="utf-8"))
