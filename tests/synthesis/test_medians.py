import json

import pytest

from pipeline.errors import InkError
from pipeline.synthesis.hands.medians import encode_line, load_medians, read_package, select

LINE = '{"char":"一","medians":[[[100,500],[500,480],[920,470]]]}\n'


def write_package(folder, **characters):
    for char, medians in characters.items():
        (folder / f"{char}.json").write_text(json.dumps({"strokes": [], "medians": medians}), encoding="utf-8")


def test_a_package_is_read_in_code_point_order_with_y_turned_down(tmp_path):
    write_package(tmp_path, 丶=[[[480, 900], [560, -124]]], 一=[[[100, 400], [920, 430]]])
    (tmp_path / "package.json").write_text("{}")
    assert list(read_package(tmp_path)) == [
        ("一", (((100, 500), (920, 470)),)),
        ("丶", (((480, 0), (560, 1024)),)),
    ]


def test_points_of_a_package_that_are_no_whole_numbers_are_rounded(tmp_path):
    write_package(tmp_path, 一=[[[100.4, 400.2], [920.6, 430.0]]])
    assert list(read_package(tmp_path)) == [("一", (((100, 500), (921, 470)),))]


def test_a_folder_without_characters_is_no_package(tmp_path):
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(InkError, match="found none"):
        list(read_package(tmp_path))


@pytest.mark.parametrize("text", ["{", '{"strokes": []}'])
def test_a_broken_character_file_is_named(tmp_path, text):
    (tmp_path / "一.json").write_text(text)
    with pytest.raises(InkError, match=r"一\.json: expected JSON with `medians`"):
        list(read_package(tmp_path))


def test_a_line_is_what_the_docstring_shows(strokes):
    assert encode_line("一", strokes["一"]) == LINE


def test_what_is_written_is_read_back(tmp_path, strokes):
    path = tmp_path / "medians.jsonl"
    path.write_text("".join(encode_line(char, value) for char, value in strokes.items()), encoding="utf-8")
    assert load_medians(path) == strokes
    assert list(load_medians(path, "司一")) == ["司", "一"]


def test_a_character_without_strokes_is_named(strokes):
    with pytest.raises(InkError, match=r"here: no stroke data for 龘 \(U\+9F98\); remove them from strokes.classes"):
        select(strokes, "一龘", "here")


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(InkError, match=r"medians.jsonl: cannot read .* `dvc repro medians`"):
        load_medians(tmp_path / "medians.jsonl")


@pytest.mark.parametrize("line", ["nonsense", '{"char": "一"}', '{"char": "一", "medians": [[1, 2]]}', "[]"])
def test_a_broken_line_is_named(tmp_path, line):
    path = tmp_path / "medians.jsonl"
    path.write_text(LINE + line + "\n", encoding="utf-8")
    with pytest.raises(InkError, match="line 2: expected"):
        load_medians(path)
