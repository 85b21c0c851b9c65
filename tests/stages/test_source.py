"""Stages `source` and `math-source`: a source exists, comes from DVC, or is missing: the error says what to do."""

from pathlib import Path

import pytest
import yaml

from pipeline.errors import InkError
from stages import math_source, source

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / "dvc.yaml").write_bytes((ROOT / "dvc.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def use(name):
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["decode"]["source"] = params["math"]["decode"]["source"] = name
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


STAGES = [(source, "data/source.txt", "decode.source"), (math_source, "data/math/source.txt", "math.decode.source")]


@pytest.mark.parametrize(("stage", "out", "param"), STAGES)
def test_a_source_that_is_there_is_recorded(workspace, stage, out, param):
    use("mine.zip")
    Path("mine.zip").touch()
    stage.main()
    assert Path(out).read_text(encoding="utf-8") == "mine.zip\n"


@pytest.mark.parametrize(("stage", "out", "param"), STAGES)
def test_a_source_that_is_missing(workspace, stage, out, param):
    use("mine.zip")
    with pytest.raises(InkError, match=rf"mine.zip: expected a folder, .* found nothing there; correct {param}"):
        stage.main()
    assert not Path(out).exists()


@pytest.mark.parametrize("name", ["data/raw/strokes", "./data/raw/strokes/", "data/decoded/deep"])
def test_a_source_that_dvc_makes_need_not_be_there_yet(workspace, name):
    use(name)
    source.main()
    assert Path("data/source.txt").read_text(encoding="utf-8") == f"{name}\n"


@pytest.mark.parametrize("name", ["data/raw/mine", "data/raw/mine/deep/x.zip"])
def test_a_source_that_dvc_fetches_need_not_be_there_yet(workspace, name):
    use(name)
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/mine.dvc").touch()
    source.main()
    assert Path("data/source.txt").exists()
