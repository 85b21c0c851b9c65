import json

import pytest
import yaml

from pipeline import npm
from pipeline.errors import InkError
from pipeline.synthesis.hands.medians import encode_line, load_medians
from pipeline.synthesis.tracing.faces import FACES
from stages import faces as stage
from stages import math_faces, strokes
from tests.stages.test_strokes import ROOT
from tests.synthesis.test_faces import FACE, HORIZONTAL, MEDIANS, VERTICAL, write_font


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Params for three characters and the hand `made-up`, medians, and a face instead of what npm would fetch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INK2EDGE_WORKERS", "1")
    monkeypatch.setitem(FACES, "made-up", FACE)
    write_font(tmp_path / "package/files/1.woff2", {"一": [HORIZONTAL], "丨": [HORIZONTAL, VERTICAL]})
    monkeypatch.setattr(npm, "fetch", lambda *_: tmp_path / "package")
    stage.MEDIANS.mkdir(parents=True)
    (stage.MEDIANS / "medians.jsonl").write_text("".join(encode_line(*item) for item in MEDIANS.items()))
    set_hands(["made-up"])
    return tmp_path


def set_hands(hands):
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["strokes"].update(classes="一丨二", hands=hands, writers=2)
    params["math"]["formulas"].update(hands=hands)
    with open("params.yaml", "w", encoding="utf-8") as file:
        yaml.safe_dump(params, file, allow_unicode=True)


def test_a_face_is_written_with_its_licence_and_accounts(project):
    stage.main()
    assert list(load_medians(stage.HANDS / "made-up/strokes.jsonl")) == ["一"]
    assert (stage.HANDS / "made-up/LICENSE").read_text().startswith("Copyright Made Up")
    accounts = {"kept": 1, "turned_away": 1, "untraced": 0, "lacking": 1}
    assert json.loads(stage.FACE_METRICS.read_text()) == {"made-up": accounts}


def test_the_corpus_is_written_by_medians_and_faces(project):
    stage.main()
    hands, chars = strokes.load_hands(stage.load_params().strokes, stage.MEDIANS / "medians.jsonl", stage.HANDS)
    assert chars == ("一", "丨", "二")
    assert {name: (hand.leaning, len(hand.strokes)) for name, hand in hands.items()} == {
        "medians": (0.0, 4),
        "made-up": (0.5, 1),
    }
    strokes.main()
    assert len(list(strokes.STROKES.iterdir())) == 2


def test_without_hands_nothing_is_fetched(project, monkeypatch):
    monkeypatch.setattr(npm, "fetch", None)
    set_hands([])
    stage.main()
    assert list(stage.HANDS.iterdir()) == []
    assert json.loads(stage.FACE_METRICS.read_text()) == {}


def test_a_face_that_cannot_be_fetched_is_named(project, monkeypatch):
    def fail(*_):
        raise InkError("npm could not fetch @made/up@1.0.0")

    monkeypatch.setattr(npm, "fetch", fail)
    with pytest.raises(
        InkError, match=r"(?s)face made-up: npm could not fetch .*leave it out of the hands in params\.yaml"
    ):
        stage.main()
    assert not stage.HANDS.exists()


def test_faces_of_formulas_are_traced_without_medians(project):
    write_font(project / "package/files/1.woff2", {"1": [VERTICAL], "=": [HORIZONTAL]})
    math_faces.main()
    assert list(load_medians(math_faces.MATH_HANDS / "made-up/strokes.jsonl")) == ["1", "="]
    accounts = {"kept": 2, "turned_away": 0, "untraced": 0, "lacking": 66}
    assert json.loads(math_faces.MATH_FACE_METRICS.read_text()) == {"made-up": accounts}
