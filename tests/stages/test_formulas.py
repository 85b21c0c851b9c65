from pathlib import Path

import cv2
import pytest
import yaml

from pipeline.errors import InkError
from stages import formulas as stage
from stages import formulas_sheet

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace with the params of the repository and a small corpus."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INK2EDGE_WORKERS", "1")
    set_params(tmp_path, writers=2, handwritten=5, printed=3)
    return tmp_path


def set_params(workspace, **values):
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["math"]["formulas"].update(values)
    (workspace / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_the_stage_writes_both_kinds(workspace):
    stage.main()
    assert names(stage.FORMULAS) == [
        "handwritten/1001/000000.inkml",
        "handwritten/1001/000002.inkml",
        "handwritten/1001/000004.inkml",
        "handwritten/1002/000001.inkml",
        "handwritten/1002/000003.inkml",
        "printed/0000/000000.jpg",
        "printed/0000/000001.jpg",
        "printed/0000/000002.jpg",
        "printed/0000/annotations.json",
    ]


def test_a_sheet_shows_ink_above_and_photographs_below(workspace):
    stage.main()
    formulas_sheet.main()
    sheet = cv2.imread(str(formulas_sheet.FORMULAS_SHEET), cv2.IMREAD_GRAYSCALE)
    height, width = formulas_sheet.CELL
    assert sheet.shape == (2 * (height + 4) + 4, 4 * (width + 4) + 4)
    assert set(sheet[: height // 2, :4].ravel()) == {255}
    assert (sheet[:height] < 128).any()
    assert (sheet[height + 8 :, : 3 * width] < 250).mean() > 0.1


def test_a_rerun_leaves_nothing_of_the_run_before(workspace):
    stage.main()
    set_params(workspace, writers=1, handwritten=1, printed=0)
    stage.main()
    assert names(stage.FORMULAS) == ["handwritten/1001/000000.inkml"]


def test_a_wrong_class_is_named_and_nothing_is_written(workspace):
    set_params(workspace, classes=[*"1234567", "\\foo"])
    with pytest.raises(InkError, match=r"expected labels of CROHME, found \\foo"):
        stage.main()
    assert not stage.FORMULAS.exists()


def test_progress_is_one_line_where_nobody_watches(workspace, capsys):
    stage.main()
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[-1].count("8/8") == 1
    assert output.err.count("formulas:") <= 2
