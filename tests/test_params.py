import itertools
from pathlib import Path

import pytest
import yaml

from pipeline.errors import InkError
from pipeline.params import check_params, load_params

PARAMS = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))


def _write(tmp_path: Path, change: dict) -> Path:
    """params.yaml with dotted keys changed, or removed where the value is None."""
    values = yaml.safe_load(yaml.safe_dump(PARAMS))
    for key, value in change.items():
        *sections, name = key.split(".")
        section = values
        for part in sections:
            section = section[part]
        if value is None:
            del section[name]
        else:
            section[name] = value
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return path


def test_committed_params_follow_the_article():
    params = load_params()
    assert (params.train.batch_size, params.train.evaluation_batch_size) == (48, 32)
    assert sum(params.model.modules) == 4
    assert params.split.test == 0.2


def test_params_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_params().train.epochs = 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train.epochs": 0}, r"train\.epochs: Input should be greater than or equal to 1, found 0"),
        ({"train.epochs": "20"}, r"train\.epochs: Input should be a valid integer, found '20'"),
        ({"train.epoch": 20}, r"train\.epoch: unknown key"),
        ({"train.seed": None}, r"train\.seed: missing"),
        ({"trian": {}}, r"trian: unknown key"),
        ({"split.by": "author"}, r"split\.by: Input should be 'sample', 'writer' or 'official', found 'author'"),
        ({"split.test": 0.9, "split.validation": 0.1}, r"test \+ validation must be below 1"),
        ({"model.modules": [2]}, r"model\.modules\.1: missing"),
        ({"train.warmup_epochs": 8.0}, r"warmup_epochs must be below epochs \(8\)"),
        ({"math.train.warmup_epochs": 100.0}, r"math\.train: .*warmup_epochs must be below epochs"),
        ({"math.split.test": 0.5, "math.split.validation": 0.5}, r"math\.split: .*test \+ validation must be below 1"),
        ({"math.train.augment.swap": 1.5}, r"math\.train\.augment\.swap: .*less than or equal to 1, found 1\.5"),
        ({"train.augment.rotate": -1}, r"train\.augment\.rotate: .*, found -1"),
        ({"strokes.classes": 3756}, r"strokes\.classes.*less than or equal to 3755, found 3756"),
        ({"math.decode.pictures": "tar"}, r"math\.decode\.pictures: Input should be 'zip' or 'files', found 'tar'"),
        ({"math.split.pictures": True}, r"math\.split\.pictures: Input should be 'zip' or 'files', found True"),
        ({"decode.max_bad_fraction": 1.5}, r"decode\.max_bad_fraction: .*, found 1\.5"),
    ],
)
def test_wrong_value_is_an_error_that_names_the_key_the_value_and_the_range(tmp_path, change, message):
    with pytest.raises(InkError, match=message):
        load_params(_write(tmp_path, change))


def test_all_wrong_values_are_named_at_once(tmp_path):
    with pytest.raises(InkError, match=r"2 wrong value\(s\)\n  split\.seed.*\n  train\.epochs"):
        load_params(_write(tmp_path, {"train.epochs": 0, "split.seed": -1}))


def test_characters_may_stand_in_place_of_a_number_of_classes(tmp_path):
    assert load_params(_write(tmp_path, {"strokes.classes": "永和九年"})).strokes.classes == "永和九年"


def test_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(InkError, match="run from the repository root"):
        load_params(tmp_path / "params.yaml")


def test_broken_yaml_names_the_line(tmp_path):
    (tmp_path / "params.yaml").write_text("train: [1, 2")
    with pytest.raises(InkError, match=r"not valid YAML[\s\S]*line 1"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: 2001-13-01",
        "a: !!bool x",
        "a: !!timestamp x",
        "a: !!int x",
        "[" * 700,
        "a: &a {x: 1}\nb: {<<: *a}",
        "\ud800",
    ],
)
def test_yaml_without_sense_is_told_of(tmp_path, text):
    (tmp_path / "params.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InkError, match="not valid YAML"):
        load_params(tmp_path / "params.yaml")


def test_a_message_shows_little_of_what_unfolds(tmp_path):
    lines = [f"{name}: &{name} [{', '.join(['*' + other] * 9)}]" for other, name in itertools.pairwise("abcdefghijkl")]
    (tmp_path / "params.yaml").write_text("\n".join(["a: &a [1]", *lines, "strokes: {classes: *l}"]))
    with pytest.raises(InkError) as error:
        load_params(tmp_path / "params.yaml")
    assert len(str(error.value)) < 10_000


def test_a_name_without_a_file_and_a_number_too_long_to_print(tmp_path):
    with pytest.raises(InkError, match=r"decode\.charset: String should match"):
        load_params(_write(tmp_path, {"decode.charset": "a\0b"}))
    with pytest.raises(InkError, match=r"train\.epochs: .*found a number of 20001 bits"):
        check_params({**PARAMS, "train": {**PARAMS["train"], "epochs": 1 << 20_000}}, "params.yaml")
