import json
import sys

import pytest

from benchmarks import real_ink
from pipeline.edge import metadata
from pipeline.formats.gnt import write_gnt
from tests.tiny_models import CHARACTERS, scan


@pytest.fixture
def files(tmp_path, character_model):
    """A model of four characters, and a set with one more: three samples of the four are right, one is wrong."""
    (tmp_path / "tiny.tflite").write_bytes(metadata.describe(character_model, CHARACTERS, {"side": 56, "margin": 4}))
    first, second, third, *_ = CHARACTERS
    shapes = [(first, first), (second, second), (third, third), (first, second), ("永", first)]
    write_gnt(tmp_path / "1001-f.gnt", [(char, scan(shape)) for char, shape in shapes])
    return tmp_path


def test_a_set_is_read_over_all_classes_and_unknown_characters_are_counted(files):
    (row,) = real_ink.rows(files / "tiny.tflite", [str(files / "1001-f.gnt")], None, 1)
    first, second = CHARACTERS[:2]
    assert row == {
        "set": "1001-f", "variant": "tiny", "classes": 4, "samples": 4, "characters": 3, "left_out": 1,
        "top1": 0.75, "top5": 1.0, "top10": 1.0, "confusions": [f"{first} as {second} 1"],
    }  # fmt: skip


def test_a_charset_leaves_out_the_others(files):
    (files / "kept.txt").write_text(f"{CHARACTERS[1]}\n", encoding="utf-8")
    (row,) = real_ink.rows(files / "tiny.tflite", [str(files / "1001-f.gnt")], str(files / "kept.txt"), 0)
    assert (row["samples"], row["left_out"], row["top1"]) == (1, 4, 1.0)


def test_the_rows_are_written_as_json(files, monkeypatch, capsys):
    arguments = ["1001-f.gnt", "--model", "tiny.tflite", "--output", "rows.json", "--confusions", "1"]
    monkeypatch.chdir(files)
    monkeypatch.setattr(sys, "argv", ["real_ink", *arguments])
    real_ink.main()
    assert "75.00%" in capsys.readouterr().out
    assert [row["top1"] for row in json.loads((files / "rows.json").read_text())] == [0.75]
