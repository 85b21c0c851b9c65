import json
from pathlib import Path

import pytest

from pipeline.errors import InkError
from pipeline.synthesis.hands.medians import load_medians
from stages import medians as stage


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "一.json").write_text(json.dumps({"medians": [[[100, 400], [920, 430]]]}), encoding="utf-8")
    (folder / "ARPHICPL.TXT").write_text("ARPHIC PUBLIC LICENSE", encoding="utf-8")
    return folder


def test_medians_and_their_licence_are_written(tmp_path, package):
    stage.write_medians(package, tmp_path / "out")
    assert load_medians(tmp_path / "out" / "medians.jsonl") == {"一": (((100, 500), (920, 470)),)}
    assert (tmp_path / "out" / "ARPHICPL.TXT").read_text(encoding="utf-8") == "ARPHIC PUBLIC LICENSE"


def test_a_package_without_a_licence_writes_nothing(tmp_path, package):
    (package / "ARPHICPL.TXT").unlink()
    with pytest.raises(InkError, match=r"ARPHICPL\.TXT"):
        stage.write_medians(package, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_lock_pins_a_hash_and_names_no_host():
    text = (Path(__file__).parents[2] / "package-lock.json").read_text(encoding="utf-8")
    package = json.loads(text)["packages"]["node_modules/hanzi-writer-data"]
    assert package["version"] == "2.0.1"
    assert package["integrity"].startswith("sha512-")
    assert "http" not in text
