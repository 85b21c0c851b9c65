"""Job `math-decode`: every file is accounted for, and the outputs have the same bytes for any division of the work."""

import json
import logging
import zipfile

import pytest

from pipeline.errors import InkError
from pipeline.formats import formulas
from pipeline.formats.charset import read_class_list
from pipeline.formats.formula import decode_formula, encode_formula, read_formulas
from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.formats.tfrecord import read_records
from pipeline.jobs import math_decode as job_module
from pipeline.jobs.math_decode import Output, run
from tests.jobs.execution import quarantine, work_twice
from tests.jobs.tiny_casia import digests
from tests.jobs.tiny_math import coco, ink, make_source, pack, params, photo, write
from tests.project import ROOT

GOOD = {
    "files": 23,
    "written": 23,
    "filtered": 0,
    "quarantined": 0,
    "symbols": 46,
    "dropped_symbols": 0,
    "unreferenced_traces": 0,
    "writers": 4,
    "classes": 3,
    "not_read": 0,
    "duplicates": 0,
}
NAMES = [f"samples-{shard:05d}-of-00003" for shard in range(3)]


@pytest.fixture
def source(tmp_path):
    return make_source(tmp_path / "source")


def output(folder):
    return Output(folder / "decoded", folder / "classes.txt", folder / "metrics" / "decode.json")


def decode(source, folder, **changes):
    return run(params(source, **changes), output(folder))


def samples(folder):
    return [f for path in sorted((folder / "decoded/parquet").iterdir()) for f in read_formulas(path)]


def test_samples_and_metrics(source, tmp_path):
    out = tmp_path / "out"
    assert decode(source, out) == GOOD
    assert json.loads((out / "metrics/decode.json").read_text()) == GOOD
    assert read_class_list(out / "classes.txt", symbols=True) == CROHME_SYMBOLS
    assert (out / "decoded/quarantine.jsonl").read_bytes() == b""
    keys = sorted(formula.key for formula in samples(out))
    hand = [f"hand/w{writer}/{number}" for writer in range(1, 5) for number in range(5)]
    assert keys == [*hand, "print/0", "print/2", "print/deep/1"]


def test_every_format_holds_the_same_formulas(source, tmp_path):
    decode(source, tmp_path / "out")
    folder = tmp_path / "out" / "decoded"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["classes.txt", "decoded", "metrics"]
    cards = {"README.md", "SHA256SUMS", "croissant.json", "dataset_info.json", "features.json"}
    assert {path.name for path in folder.iterdir()} == cards | {"coco", "parquet", "quarantine.jsonl", "tfrecord"}
    for name in NAMES:
        records = list(read_records(folder / "tfrecord" / f"{name}.tfrecord"))
        formulas = list(read_formulas(folder / "parquet" / f"{name}.parquet"))
        assert [encode_formula(formula) for formula in formulas] == records
        assert [decode_formula(record).key for record in records] == [formula.key for formula in formulas]
    content = json.loads((folder / "coco" / "samples.json").read_text())
    assert (len(content["images"]), len(content["annotations"]), len(content["categories"])) == (23, 46, 101)
    with zipfile.ZipFile(folder / "coco" / "images.zip") as archive:
        for formula in samples(tmp_path / "out"):
            assert archive.read(f"{formula.key}.png") == formula.image


def test_pictures_are_files_or_a_zip(source, tmp_path):
    metrics = decode(source, tmp_path / "zip")
    assert decode(source, tmp_path / "files", pictures="files") == metrics
    zipped, files = (tmp_path / name / "decoded/coco" for name in ("zip", "files"))
    assert sorted(path.name for path in zipped.iterdir()) == ["images.zip", "samples.json"]
    assert sorted(path.name for path in files.iterdir()) == ["images", "samples.json"]
    assert (zipped / "samples.json").read_bytes() == (files / "samples.json").read_bytes()
    expected = {f"{formula.key}.png": formula.image for formula in samples(tmp_path / "zip")}
    assert len(expected) == 23
    with zipfile.ZipFile(zipped / "images.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == expected
    assert contents(files / "images") == expected
    entries = json.loads((files / "samples.json").read_text())["images"]
    assert {entry["file_name"] for entry in entries} == set(expected)
    for path in (tmp_path / "zip/decoded").glob("[pt]*/*"):  # the shards
        assert (tmp_path / "files/decoded" / path.parent.name / path.name).read_bytes() == path.read_bytes()


def contents(folder):
    """The bytes of all files below a folder, by path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_pictures_as_files_replace_a_zip_and_the_reverse(source, tmp_path):
    for pictures, name in (("files", "images"), ("zip", "images.zip"), ("files", "images")):
        decode(source, tmp_path / "out", pictures=pictures)
        assert {path.name for path in (tmp_path / "out/decoded/coco").iterdir()} == {name, "samples.json"}


def test_names_that_cannot_be_files_end_the_job(source, tmp_path):
    write(source / "hand/w1/0.png/deep.inkml", ink(99))  # the picture of hand/w1/0 is called like this folder
    decode(source, tmp_path / "zip")
    with pytest.raises(InkError, match=r"images/hand/w1/0.png.*: expected a path .* \(.*\); .* set `pictures` to zip"):
        decode(source, tmp_path / "files", pictures="files")
    assert list((tmp_path / "files").iterdir()) == []


def test_the_bytes_depend_neither_on_units_and_spills_nor_on_the_packing(source, tmp_path, monkeypatch):
    decode(source, tmp_path / "one")
    monkeypatch.setattr(job_module, "SPILL_ROWS", 2)
    monkeypatch.setattr(formulas, "UNIT_FILES", 3)
    decode(pack(source, tmp_path / "all.zip"), tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_work_that_runs_twice_does_no_harm(source, tmp_path, monkeypatch):
    decode(source, tmp_path / "one")
    work_twice(monkeypatch)
    decode(source, tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_a_job_that_breaks_off_leaves_nothing_and_runs_again(source, tmp_path, monkeypatch):
    decode(source, tmp_path / "one")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(job_module, "write_images", stop)
    with pytest.raises(KeyboardInterrupt):
        decode(source, tmp_path / "two")
    assert list((tmp_path / "two").iterdir()) == []
    (tmp_path / "two/decoded.partial/scratch-1").mkdir(parents=True)  # as after a kill
    write(tmp_path / "two/decoded.partial/parquet/samples-00007-of-00009.parquet", b"half")
    monkeypatch.undo()
    decode(source, tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_every_file_is_written_filtered_or_quarantined(source, tmp_path, caplog):
    hand = source / "hand"
    write(hand / "w1" / "0.inkml", b"")
    write(hand / "w1" / "1.inkml", ink(1, writer="w1")[:-30])
    write(hand / "w2" / "0.inkml", ink(7, ("x", r"\frac")))
    write(hand / "w2" / "1.inkml", ink(8, (r"\frac", r"\oplus")))
    write(hand / "w3" / "0.inkml", ink(9, stray=3).replace(b'traceDataRef="2"', b'traceDataRef="99"'))
    write(source / "print" / "2.png", b"GIF89a")
    with caplog.at_level(logging.WARNING, "pipeline"):
        metrics = decode(source, tmp_path / "out")
    assert metrics == GOOD | {
        "written": 18,
        "filtered": 2,
        "quarantined": 3,
        "symbols": 35,
        "dropped_symbols": 1,
        "unreferenced_traces": 4,
    }
    lines = quarantine(tmp_path / "out/decoded/quarantine.jsonl")
    assert [line["file"] for line in lines] == ["hand/w1/0.inkml", "hand/w1/1.inkml", "print/2.png"]
    assert lines[0] == {"file": "hand/w1/0.inkml", "offset": 0, "reason": "empty file"}
    assert lines[1]["reason"].startswith("not XML: ")
    assert lines[1]["offset"] > 0
    assert (
        "2 files are left out because of symbols outside the class list: '\\\\frac' (2), '\\\\oplus' (1)" in caplog.text
    )


def test_ink_that_another_reader_would_misread_is_honoured_or_quarantined(source, tmp_path):
    cases = ("gb_writer", "gb_writer2", "label_attr_case", "nested_inner", "nolabel", "orient_neg", "penup")
    for name in cases:
        write(source / "cases" / f"{name}.inkml", (ROOT / f"tests/formats/cases/{name}.inkml").read_bytes())
    boxes = [{"id": 7, "image_id": 0, "category_id": 1, "bbox": [-40, 10, 30, 30]}]
    write(source / "beside" / "annotations.json", coco(["a.png"], annotations=boxes))
    write(source / "beside" / "a.png", photo(1))
    metrics = decode(source, tmp_path / "out")
    assert metrics == GOOD | {
        "files": 31,
        "written": 28,
        "quarantined": 3,
        "symbols": 52,
        "writers": 6,  # 张三 and 李四 are two
        "classes": 6,
    }
    lines = {line["file"]: line["reason"] for line in quarantine(tmp_path / "out/decoded/quarantine.jsonl")}
    assert set(lines) == {"cases/label_attr_case.inkml", "cases/nolabel.inkml", "beside/a.png"}
    assert "in the traceGroup g " in lines["cases/nolabel.inkml"]
    assert lines["beside/a.png"].startswith("annotation 7: expected a bbox")


def test_too_many_bad_files_are_refused(source, tmp_path):
    out = tmp_path / "out"
    decode(source, out)
    write(source / "hand" / "w1" / "0.inkml", b"")
    with pytest.raises(InkError) as error:
        decode(source, out, max_bad_fraction=0.01)
    report = out / "decoded.refused.jsonl"
    message = str(error.value)
    assert "1 of 23 files are bad, a share of 0.043, and math.decode.max_bad_fraction allows 0.01" in message
    assert "\n  hand/w1/0.inkml, offset 0: empty file\n" in message
    assert "set math.decode.max_bad_fraction to 0.0435" in message
    assert [line["file"] for line in quarantine(report)] == ["hand/w1/0.inkml"]
    assert len(samples(out)) == 23  # of the run before
    assert decode(source, out, max_bad_fraction=0.0435)["quarantined"] == 1
    assert not report.exists()


def test_nothing_that_is_a_class(tmp_path):
    write(tmp_path / "s" / "a.inkml", ink(1, ("x", r"\frac")))
    with pytest.raises(
        InkError, match=r"found none among 1 files \(0 of them bad\); symbols outside the class list: '"
    ):
        decode(tmp_path / "s", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_source_is_looked_at_first(tmp_path):
    with pytest.raises(InkError, match=r"found nothing there; correct math.decode.source"):
        decode(tmp_path / "missing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_canvas_is_a_param(tmp_path):
    write(tmp_path / "s" / "annotations.json", coco(["a.png"]))
    write(tmp_path / "s" / "a.png", photo(1))
    write(tmp_path / "s" / "b.inkml", ink(1))
    decode(tmp_path / "s", tmp_path / "out", height=96, width=160)
    assert {(formula.height, formula.width) for formula in samples(tmp_path / "out")} == {(96, 160)}
