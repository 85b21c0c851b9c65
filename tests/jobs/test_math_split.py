"""Job `math-split`: parts that share neither writer nor picture, CROHME's own parts, an order that the seed decides."""

import json
from collections import Counter

import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.formats.formula import Formula, encode_formula, read_formulas, write_formulas
from pipeline.formats.parquet import read_classes
from pipeline.formats.tfrecord import read_records
from pipeline.jobs.math_split import run
from pipeline.jobs.parts import PARTS
from pipeline.params import MathSplit
from tests.jobs import execution
from tests.jobs.execution import files, work_with, write_decoded
from tests.jobs.tiny_casia import digests

CLASSES = ["+", "1", "x"]
OFFICIAL = {"train": "TrainINKML/HAMEX", "validation": "TestINKMLGT", "test": "TestEM2014GT"}


def params(**changes):
    return MathSplit(**({"by": "writer", "test": 0.2, "validation": 0.1, "shards": 4, "seed": 1} | changes))


def formula(key, writer="", picture=None, labels=(2, 0)):
    boxes = np.array([[1, 2, 3, 4]] * len(labels), np.float32)
    names = [CLASSES[label] for label in labels]
    image = (picture or key).encode()
    source = key.rpartition("/")[0]
    return Formula(key, writer, source, "", 64, 128, image, boxes, np.array(labels), names, [], [])


def by_writer(writers=10, samples=6, unnamed=0):
    named = [formula(f"w{w}/{i}", f"w{w}", labels=(i % 3,)) for w in range(writers) for i in range(samples)]
    return named + [formula(f"print/{i}") for i in range(unnamed)]


def official(**more):
    """Twelve formulas for training, four for validation, four for testing."""
    sizes = {"train": 12, "validation": 4, "test": 4}
    return [formula(f"{OFFICIAL[part]}/{i}", part[0]) for part in PARTS for i in range(sizes[part])] + more.get(
        "also", []
    )


def decoded(folder, rows, shards=2):
    return write_decoded(folder, write_formulas, rows, CLASSES, shards)


def parts(folder, name="splits"):
    return execution.parts(folder, read_formulas, name)


def keys(folder, part):
    return sorted(formula.key for formula in parts(folder)[part])


def test_by_writer_no_writer_is_in_two_parts(tmp_path):
    metrics = run(params(), files(decoded(tmp_path, by_writer())))
    assert metrics == {
        "train": 42,
        "validation": 6,
        "test": 12,
        "writers_train": 7,
        "writers_validation": 1,
        "writers_test": 2,
        "classes_missing_train": 0,
        "classes_missing_validation": 0,
        "classes_missing_test": 0,
        "symbols_train": 42,
        "symbols_validation": 6,
        "symbols_test": 12,
        "no_writer": 0,
        "shared_ink": 0,
    }
    assert json.loads((tmp_path / "splits.json").read_text()) == metrics
    found = {part: {formula.writer for formula in formulas} for part, formulas in parts(tmp_path).items()}
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == 10


def test_formulas_without_a_writer_go_by_their_picture(tmp_path):
    metrics = run(params(), files(decoded(tmp_path, by_writer(unnamed=400))))
    assert metrics["no_writer"] == 400
    assert 12 + 50 < metrics["test"] < 12 + 110
    assert 6 + 20 < metrics["validation"] < 6 + 60
    assert metrics["writers_test"] == 2


def test_a_source_without_any_writer(tmp_path):
    metrics = run(params(), files(decoded(tmp_path, by_writer(0, unnamed=200))))
    assert sum(metrics[part] for part in PARTS) == metrics["no_writer"] == 200
    assert metrics["writers_train"] == 0


def test_crohmes_own_parts(tmp_path):
    metrics = run(params(by="official"), files(decoded(tmp_path, official())))
    assert [metrics[part] for part in PARTS] == [12, 4, 4]
    for part, found in parts(tmp_path).items():
        assert {formula.source for formula in found} == {OFFICIAL[part]}


def test_crohmes_folders_may_lie_deeper(tmp_path):
    rows = [row._replace(key=f"crohme/2014/{row.key}") for row in official()]
    assert run(params(by="official"), files(decoded(tmp_path, rows)))["test"] == 4


@pytest.mark.parametrize("key", ["Task2/a", "TrainINKML", "a"])
def test_folders_that_crohme_does_not_have(tmp_path, key):
    decoded(tmp_path, official(also=[formula(key)]))
    with pytest.raises(
        InkError, match=rf"expected files below TrainINKML, TestINKMLGT, TestEM2014GT, found {key}; set"
    ):
        run(params(by="official"), files(tmp_path))
    assert not (tmp_path / "splits").exists()


def test_a_picture_in_several_parts_stays_where_it_weighs_most(tmp_path):
    also = [
        formula("TrainINKML/HAMEX/t1", "t", "one"),
        formula("TrainINKML/HAMEX/t2", "t", "one"),
        formula("TestINKMLGT/v1", "v", "one"),
        formula("TestEM2014GT/e1", "e", "one"),
        formula("TrainINKML/HAMEX/t3", "t", "two"),
        formula("TestINKMLGT/v2", "v", "two"),
        formula("TrainINKML/HAMEX/t4", "t", "three"),
        formula("TrainINKML/HAMEX/t5", "t", "three"),
    ]
    metrics = run(params(by="official"), files(decoded(tmp_path, official(also=also))))
    assert metrics["shared_ink"] == 4
    assert [metrics[part] for part in PARTS] == [14, 5, 5]
    assert keys(tmp_path, "train")[-2:] == ["TrainINKML/HAMEX/t4", "TrainINKML/HAMEX/t5"]
    assert keys(tmp_path, "validation")[-1] == "TestINKMLGT/v2"
    assert keys(tmp_path, "test")[-1] == "TestEM2014GT/e1"


def test_a_picture_of_several_writers_is_in_one_part(tmp_path):
    rows = by_writer() + [formula(f"copy/{w}", f"w{w}", "copy") for w in range(10)] + [formula("copy/x", "", "copy")]
    metrics = run(params(), files(decoded(tmp_path, rows)))
    where = Counter(part for part, found in parts(tmp_path).items() for f in found if f.image == b"copy")
    assert list(where) == ["test"]
    assert metrics["shared_ink"] == 11 - where["test"]
    assert sum(metrics[part] for part in PARTS) + metrics["shared_ink"] == 71


def test_all_formats_and_the_number_of_shards(tmp_path):
    run(params(), files(decoded(tmp_path, by_writer())))
    names = sorted(path.stem for path in (tmp_path / "splits/parquet").iterdir())
    assert Counter(name.split("-")[0] for name in names) == {"train": 4, "validation": 1, "test": 1}
    for name in names:
        parquet = tmp_path / "splits/parquet" / f"{name}.parquet"
        records = list(read_records(tmp_path / "splits/tfrecord" / f"{name}.tfrecord"))
        assert [encode_formula(formula) for formula in read_formulas(parquet)] == records
        assert read_classes(parquet) == CLASSES
    for part, found in parts(tmp_path).items():
        content = json.loads((tmp_path / "splits/coco" / f"{part}.json").read_text())
        assert [image["file_name"] for image in content["images"]] == sorted(f"{f.key}.png" for f in found)


def test_pictures_are_files_beside_the_annotations_if_asked(tmp_path):
    decoded(tmp_path, by_writer())
    run(params(), files(tmp_path, "zip"))
    run(params(pictures="files"), files(tmp_path, "files"))
    zipped, single = tmp_path / "zip/coco", tmp_path / "files/coco"
    annotations = ["test.json", "train.json", "validation.json"]
    assert sorted(path.name for path in zipped.iterdir()) == annotations
    assert sorted(path.name for path in single.iterdir()) == ["images", *annotations]
    named = set()
    for name in annotations:
        assert (single / name).read_bytes() == (zipped / name).read_bytes()
        entries = json.loads((single / name).read_text())["images"]
        named |= {entry["file_name"] for entry in entries}
    found = {path for path in (single / "images").rglob("*") if path.is_file()}
    assert {path.relative_to(single / "images").as_posix() for path in found} == named
    assert len(named) == 60
    rows = [formula for formulas in parts(tmp_path, "files").values() for formula in formulas]
    assert {row.key: (single / f"images/{row.key}.png").read_bytes() for row in rows} == {
        row.key: row.image for row in rows
    }


def test_the_seed_decides_on_parts_and_order(tmp_path):
    decoded(tmp_path, by_writer(unnamed=30))
    for name, seed in (("one", 1), ("two", 2), ("three", 1)):
        run(params(seed=seed), files(tmp_path, name))
    one, two = parts(tmp_path, "one"), parts(tmp_path, "two")
    assert {f.key for f in one["test"]} != {f.key for f in two["test"]}
    assert [f.writer for f in one["train"]] != sorted(f.writer for f in one["train"])
    assert digests(tmp_path / "one") == digests(tmp_path / "three")


def test_the_bytes_depend_neither_on_the_decoded_shards_nor_on_the_workers(tmp_path, monkeypatch):
    rows = by_writer(unnamed=30)
    run(params(), files(decoded(tmp_path / "a", rows, shards=1)))
    work_with("two processes", monkeypatch)
    run(params(), files(decoded(tmp_path / "b", rows[::-1], shards=5)))
    assert digests(tmp_path / "a/splits") == digests(tmp_path / "b/splits")


def test_classes_that_a_part_lacks_are_told_of(tmp_path, caplog):
    rare = [formula("TrainINKML/r", "t", labels=(1,))]
    metrics = run(params(by="official"), files(decoded(tmp_path, official(also=rare))))
    assert [metrics[f"classes_missing_{part}"] for part in PARTS] == [0, 1, 1]
    assert "1 of 3 classes have no sample in the test part: 1" in caplog.text


def test_an_empty_part_is_an_error(tmp_path):
    with pytest.raises(InkError, match=r"the train part got none of 2 samples; raise its share under `math.split`"):
        run(params(), files(decoded(tmp_path, by_writer(2, 1))))
    assert not (tmp_path / "splits").exists()


def test_nothing_decoded(tmp_path):
    with pytest.raises(InkError, match=r"expected decoded samples, found none; run `dvc repro math-decode`"):
        run(params(), files(tmp_path))
