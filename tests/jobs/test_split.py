"""Job `split`: parts do not overlap, and only the seed decides their order."""

import json
import logging
from collections import Counter

import pytest

from pipeline.errors import InkError
from pipeline.formats.parquet import read_classes, read_samples, write_samples
from pipeline.formats.sample import Sample
from pipeline.formats.tfrecord import decode_sample, read_records
from pipeline.jobs import decode as decode_module
from pipeline.jobs.parts import shard_counts
from pipeline.jobs.split import PARTS, assign_writers, run
from pipeline.params import Decode, Split
from tests.jobs import execution
from tests.jobs.execution import files, work_with, write_decoded
from tests.jobs.tiny_casia import digests, gnt
from tests.project import ALL

CLASSES = [chr(0x4E00 + index) for index in range(10)]


def params(**changes):
    return Split(**({"by": "sample", "test": 0.2, "validation": 0.1, "shards": 4, "seed": 1} | changes))


def decoded(folder, writers=10, samples=40, shards=2):
    """Decoded samples with different made-up images."""
    rows = [
        Sample(f"{w}/{i:06d}", str(w), CLASSES[i % 10], i % 10, 5, 6, f"{w}-{i}".encode())
        for w in range(1001, 1001 + writers)
        for i in range(samples)
    ]
    return write_decoded(folder, write_samples, rows, CLASSES, shards)


def parts(folder, name="splits"):
    return execution.parts(folder, read_samples, name)


def test_by_sample_takes_about_the_fractions_and_every_sample_once(tmp_path):
    metrics = run(params(), files(decoded(tmp_path)))
    found = parts(tmp_path)
    assert {part: len(found[part]) for part in PARTS} == {part: metrics[part] for part in PARTS}
    assert 50 < metrics["test"] < 110
    assert 20 < metrics["validation"] < 60
    assert len({sample.key for part in PARTS for sample in found[part]}) == 400
    assert json.loads((tmp_path / "splits.json").read_text()) == metrics
    assert list(metrics) == [
        *PARTS,
        *(f"writers_{part}" for part in PARTS),
        *(f"classes_missing_{part}" for part in PARTS),
    ]


def test_both_formats_and_the_number_of_shards(tmp_path):
    run(params(), files(decoded(tmp_path)))
    names = sorted(path.stem for path in (tmp_path / "splits/parquet").iterdir())
    assert Counter(name.split("-")[0] for name in names) == {"train": 4, "validation": 1, "test": 1}
    for name in names:
        parquet = tmp_path / "splits/parquet" / f"{name}.parquet"
        records = read_records(tmp_path / "splits/tfrecord" / f"{name}.tfrecord")
        assert [decode_sample(record) for record in records] == list(read_samples(parquet))
        assert read_classes(parquet) == CLASSES


@pytest.mark.parametrize(
    ("shards", "shares", "samples", "expected"),
    [
        (16, (0.75, 0.05, 0.2), 10_000, (16, 1, 4)),  # as in params.yaml
        (16, (0.05, 0.05, 0.9), 10_000, (16, 16, 288)),
        (16, (0.0001, 0.0999, 0.9), 1_000_000, (16, 1024, 1024)),
        (16, (0.0001, 0.0999, 0.9), 500, (16, 500, 500)),
        (1024, (0.5, 0.25, 0.25), 1_000_000, (1024, 512, 512)),
        (1024, (0.1, 0.45, 0.45), 1_000_000, (1024, 1024, 1024)),
        (16, (0.9998, 0.0001, 0.0001), 10_000, (16, 1, 1)),
        (4, (1, 40, 2), 43, (4, 43, 8)),  # numbers of formulas, as `math-split` has them
    ],
)
def test_shards_of_each_part_are_bounded(shards, shares, samples, expected):
    assert shard_counts(shards, shares, samples) == expected


@pytest.mark.parametrize(("test", "validation"), [(0.9, 0.0999), (0.5, 0.4999999999999999)])
def test_a_split_of_extreme_shares_has_no_more_shards_than_samples(tmp_path, test, validation):
    writers = [*range(1001, 1021), *range(1241, 1251)]
    rows = [Sample(f"{w}/000000", str(w), CLASSES[0], 0, 5, 6, f"{w}".encode()) for w in writers]
    metrics = run(
        params(by="official", test=test, validation=validation),
        files(write_decoded(tmp_path, write_samples, rows, CLASSES, 1)),
    )
    assert sum(metrics[part] for part in PARTS) == 30
    names = [path.stem for path in (tmp_path / "splits/parquet").iterdir()]
    assert Counter(name.split("-")[0] for name in names) == {"train": 4, "validation": 30, "test": 30}


def test_copies_of_one_picture_stay_in_one_part(tmp_path):
    rows = [Sample(f"a/{i:06d}", "", "一", 0, 5, 6, f"{i // 8}".encode()) for i in range(400)]
    (tmp_path / "decoded/parquet").mkdir(parents=True)
    write_samples(tmp_path / "decoded/parquet/samples-00000-of-00001.parquet", rows, ["一"])
    run(params(), files(tmp_path))
    where = {(sample.image, part) for part, samples in parts(tmp_path).items() for sample in samples}
    assert len(where) == 50


def test_the_order_is_a_shuffle_of_the_whole(tmp_path):
    run(params(), files(decoded(tmp_path)))
    writers = [sample.writer for sample in parts(tmp_path)["train"]]
    assert len(set(writers[:40])) == 10  # the first tenth holds every writer
    assert writers != sorted(writers)


def test_the_seed_decides_on_parts_and_order(tmp_path):
    decoded(tmp_path)
    run(params(), files(tmp_path, "one"))
    run(params(seed=2), files(tmp_path, "two"))
    one, two = parts(tmp_path, "one"), parts(tmp_path, "two")
    assert {s.key for s in one["test"]} != {s.key for s in two["test"]}
    run(params(), files(tmp_path, "three"))
    assert digests(tmp_path / "one") == digests(tmp_path / "three")


def test_the_bytes_depend_neither_on_the_decoded_shards_nor_on_the_workers(tmp_path, monkeypatch):
    run(params(), files(decoded(tmp_path / "a", shards=1)))
    work_with("two processes", monkeypatch)
    run(params(), files(decoded(tmp_path / "b", shards=5)))
    assert digests(tmp_path / "a/splits") == digests(tmp_path / "b/splits")


def test_by_writer_no_writer_is_in_two_parts(tmp_path):
    metrics = run(params(by="writer"), files(decoded(tmp_path)))
    assert metrics == {
        "train": 280,
        "validation": 40,
        "test": 80,
        "writers_train": 7,
        "writers_validation": 1,
        "writers_test": 2,
        "classes_missing_train": 0,
        "classes_missing_validation": 0,
        "classes_missing_test": 0,
    }
    found = {part: {sample.writer for sample in samples} for part, samples in parts(tmp_path).items()}
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == 10


def test_three_writers_are_one_for_each_part():
    assigned = assign_writers({"1001": 5, "1002": 5, "1003": 5}, params(by="writer"))
    assert sorted(assigned.values()) == ["test", "train", "validation"]


def test_the_official_split_of_hwdb11():
    everyone = {str(writer): 3755 for writer in range(1001, 1301)}
    assigned = assign_writers(everyone, params(by="official", validation=0.05))
    assert Counter(assigned.values()) == {"train": 225, "validation": 15, "test": 60}
    assert {writer for writer, part in assigned.items() if part == "test"} == set(map(str, range(1241, 1301)))


@pytest.mark.parametrize("by", ["writer", "official"])
def test_samples_without_a_writer_cannot_be_split_by_writer(tmp_path, by):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "scans.gnt").write_bytes(gnt(1))
    output = decode_module.Output(tmp_path / "decoded", tmp_path / "classes.txt", tmp_path / "decode.json")
    source = str(tmp_path / "source")
    decode_module.run(Decode(source=source, charset=str(ALL), classes="found", max_bad_fraction=0.0, shards=1), output)
    with pytest.raises(
        InkError, match=rf"split.by is '{by}': expected .*, found none for 5 of 5 samples; set split.by to `sample`"
    ):
        run(params(by=by), files(tmp_path))


@pytest.mark.parametrize(
    ("by", "writers", "message"),
    [
        (
            "writer",
            ["1001", "1002"],
            r"expected at least one writer for each of train, validation, test, found 2 in all",
        ),
        ("official", ["1001", "1002", "1003"], r"found 3 in all and 0 for test"),
        ("official", ["1001", "1241"], r"found 2 in all and 1 for test"),
        ("official", ["1001", "1002", "1241", "C001"], r"writers 1001 to 1300 of HWDB1.1, found 1 others \(C001\)"),
    ],
)
def test_too_few_or_strange_writers(by, writers, message):
    with pytest.raises(InkError, match=message):
        assign_writers(dict.fromkeys(writers, 5), params(by=by))


def test_classes_that_a_part_lacks_are_told_of(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "pipeline.jobs.split"):
        metrics = run(params(by="writer"), files(decoded(tmp_path, writers=3, samples=9)))
    assert [metrics[f"classes_missing_{part}"] for part in PARTS] == [1, 1, 1]
    assert f"1 of 10 classes have no sample in the test part: {CLASSES[9]}" in caplog.text


def test_an_empty_part_is_an_error(tmp_path):
    with pytest.raises(InkError, match=r"the (validation|test) part got none of 2 samples"):
        run(params(), files(decoded(tmp_path, writers=1, samples=2)))
    assert not (tmp_path / "splits").exists()


def test_nothing_decoded(tmp_path):
    with pytest.raises(InkError, match=r"expected decoded samples, found none; run `dvc repro decode`"):
        run(params(), files(tmp_path))
