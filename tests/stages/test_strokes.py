from pathlib import Path

import cv2
import pytest
import yaml

from pipeline.errors import InkError
from pipeline.formats.gnt import read_gnt
from pipeline.synthesis.hands.medians import encode_line
from stages import strokes as stage
from stages import strokes_sheet

ROOT = Path(__file__).parents[2]
STROKES = {"一": (((100, 500), (920, 470)),), "十": (((100, 500), (920, 470)), ((510, 60), (515, 960)))}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace with stroke data for two characters and the params of the repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INK2EDGE_WORKERS", "1")
    stage.MEDIANS.mkdir(parents=True)
    (stage.MEDIANS / "medians.jsonl").write_text(
        "".join(encode_line(*item) for item in STROKES.items()), encoding="utf-8"
    )
    return tmp_path


def set_params(workspace, classes, writers=2):
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["strokes"].update(classes=classes, writers=writers)
    (workspace / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")


def test_the_stage_writes_a_file_a_writer(workspace):
    set_params(workspace, "十一")
    stage.main()
    files = sorted(stage.STROKES.iterdir())
    assert [path.name for path in files] == ["1001-f.gnt", "1002-f.gnt"]
    assert "".join(record.char for record in read_gnt(files[0].read_bytes())) == "十一"


def test_a_sheet_shows_a_row_a_writer(workspace):
    set_params(workspace, "十一")
    stage.main()
    strokes_sheet.main()
    picture = cv2.imread(str(strokes_sheet.CORPUS_SHEET), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (2 * (56 + 4) + 4, 2 * (56 + 4) + 4)
    assert picture.min() == 0


def test_a_rerun_leaves_nothing_of_the_run_before(workspace):
    set_params(workspace, "十一")
    stage.main()
    set_params(workspace, "十一", writers=1)
    stage.main()
    assert [path.name for path in stage.STROKES.iterdir()] == ["1001-f.gnt"]


def test_a_character_without_stroke_data_is_named_and_nothing_is_written(workspace):
    set_params(workspace, "十龘")
    with pytest.raises(InkError, match="no stroke data for 龘"):
        stage.main()
    assert not stage.STROKES.exists()


def test_progress_is_shown_on_stderr(workspace, capsys):
    set_params(workspace, "十一")
    stage.main()
    output = capsys.readouterr()
    assert "2/2" in output.err
    assert output.out == ""
