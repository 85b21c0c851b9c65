"""A clean clone makes exactly the data that dvc.lock names: the data stages really run, without a cache."""

from pathlib import Path

import pytest
import yaml

from tests.project import ROOT, Project

STAGES = {
    *("medians", "faces", "strokes", "source", "decode", "split"),
    *("math-faces", "formulas", "math-source", "math-decode", "math-split"),
}


def outputs(lock: Path) -> dict[str, dict[str, str]]:
    """The hash of each output of each data stage."""
    stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"]
    return {name: {out["path"]: out["md5"] for out in stages[name]["outs"]} for name in STAGES}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_data_of_a_clean_clone_have_the_hashes_of_the_committed_lock(tmp_path):
    clone = Project.make(tmp_path, params={})
    clone.run("dvc", "repro", "split", "math-split")
    assert set(yaml.safe_load((tmp_path / "dvc.lock").read_text(encoding="utf-8"))["stages"]) == STAGES
    assert outputs(tmp_path / "dvc.lock") == outputs(ROOT / "dvc.lock")
