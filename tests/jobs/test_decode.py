"""Job `decode`: every record is accounted for, and the outputs have the same bytes for any division of the work."""

import gzip
import json
import logging
import struct
import tarfile
import zipfile

import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.formats.gnt import encode_record
from pipeline.formats.parquet import read_samples
from pipeline.formats.png import decode_png
from pipeline.formats.tfrecord import decode_sample, read_records
from pipeline.ink.normalise import normalise
from pipeline.jobs import decode as decode_module
from pipeline.jobs.decode import Output, run
from pipeline.params import Decode
from tests.jobs.execution import quarantine, work_twice
from tests.jobs.tiny_casia import CHARS, digests, gnt, scan
from tests.project import ALL, LEVEL1

GOOD = {"records": 30, "written": 30, "filtered": 0, "quarantined": 0, "writers": 6, "classes": 5} | {
    "not_read": 0,
    "duplicates": 0,
}


def output(folder):
    return Output(folder / "decoded", folder / "classes.txt", folder / "metrics" / "decode.json")


def decode(source, folder, **changes):
    params = {
        "source": str(source),
        "charset": str(ALL),
        "classes": "found",
        "max_bad_fraction": 0.5,
        "shards": 3,
    } | changes
    return run(Decode(**params), output(folder))


def samples(folder):
    return [s for path in sorted((folder / "decoded/parquet").iterdir()) for s in read_samples(path)]


def test_samples_and_metrics(source, tmp_path):
    out = tmp_path / "out"
    assert decode(source, out) == GOOD
    assert json.loads((out / "metrics/decode.json").read_text()) == GOOD
    assert (out / "classes.txt").read_text(encoding="utf-8") == "".join(f"{c}\n" for c in sorted(CHARS))
    assert (out / "decoded/quarantine.jsonl").read_bytes() == b""
    found = {sample.key: sample for sample in samples(out)}
    assert sorted(found) == [f"{writer}/{index:06d}" for writer in range(1001, 1007) for index in range(5)]
    one = found["1003/000002"]
    raw = scan(1003, 2)
    assert (one.writer, one.char, one.label) == ("1003", CHARS[2], sorted(CHARS).index(CHARS[2]))
    assert (one.height, one.width) == raw.shape
    np.testing.assert_array_equal(decode_png(one.image), normalise(raw))


def test_tfrecord_and_parquet_hold_the_same_samples(source, tmp_path):
    decode(source, tmp_path / "out")
    folder = tmp_path / "out" / "decoded"
    names = [f"samples-{i:05d}-of-00003" for i in range(3)]
    assert sorted(path.stem for path in (folder / "tfrecord").iterdir()) == names
    for name in names:
        records = read_records(folder / "tfrecord" / f"{name}.tfrecord")
        assert [decode_sample(r) for r in records] == list(read_samples(folder / "parquet" / f"{name}.parquet"))


def test_nothing_but_the_outputs_is_left(source, tmp_path):
    decode(source, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["classes.txt", "decoded", "metrics"]
    cards = ["README.md", "SHA256SUMS", "croissant.json", "dataset_info.json", "features.json", "label.labels.txt"]
    found = sorted(path.name for path in (tmp_path / "out/decoded").iterdir())
    assert found == [*cards, "parquet", "quarantine.jsonl", "tfrecord"]


def test_the_bytes_depend_neither_on_spills_nor_on_the_packing(source, tmp_path, monkeypatch):
    decode(source, tmp_path / "one")
    monkeypatch.setattr(decode_module, "SPILL_ROWS", 2)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted(source.iterdir(), reverse=True):
            archive.write(path, path.name)
    decode(tmp_path / "all.zip", tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_work_that_runs_twice_does_no_harm(source, tmp_path, monkeypatch):
    decode(source, tmp_path / "one")
    work_twice(monkeypatch)
    decode(source, tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_the_charset_filters(source, tmp_path):
    (source / "1007-f.gnt").write_bytes(gnt(1007, "啊垯!"))
    metrics = decode(source, tmp_path / "out", charset=str(LEVEL1))
    assert metrics == GOOD | {"records": 33, "written": 31, "filtered": 2, "writers": 7}


def test_a_class_list_fixes_the_labels(source, tmp_path):
    (tmp_path / "list.txt").write_text("座\n阿\n啊\n", encoding="utf-8")
    metrics = decode(source, tmp_path / "out", charset=str(tmp_path / "list.txt"), classes="charset")
    assert metrics == GOOD | {"written": 12, "filtered": 18, "classes": 3}
    assert {(sample.char, sample.label) for sample in samples(tmp_path / "out")} == {("阿", 1), ("啊", 2)}
    assert (tmp_path / "out/classes.txt").read_text(encoding="utf-8") == "座\n阿\n啊\n"


def test_every_bad_record_is_quarantined_and_no_good_one_lost(source, tmp_path):
    blank = encode_record("啊", np.full((5, 7), 255, np.uint8))
    undecodable = blank[:4] + b"\xff\xff" + blank[6:]
    (source / "1002-f.gnt").write_bytes(gnt(1002)[:-4])
    (source / "1003-f.gnt").write_bytes(b"")
    (source / "1004-f.gnt").write_bytes(blank + gnt(1004) + undecodable)
    (source / "1005-f.gnt").write_bytes(b"not a .gnt")
    (source / "1006-f.gnt").write_bytes(struct.pack("<I2sHH", 99, b"\xb0\xa1", 5, 5) + gnt(1006))
    metrics = decode(source, tmp_path / "out")
    assert metrics == GOOD | {"records": 25, "written": 19, "filtered": 0, "quarantined": 6, "writers": 4, "classes": 5}
    lines = quarantine(tmp_path / "out/decoded/quarantine.jsonl")
    length = len(encode_record(CHARS[4], scan(1002, 4)))
    assert lines == [
        {
            "file": "1002-f.gnt",
            "index": 4,
            "offset": len(gnt(1002)) - length,
            "reason": f"truncated: {length} bytes expected, {length - 4} left",
        },
        {"file": "1003-f.gnt", "index": 0, "offset": 0, "reason": "empty file"},
        {"file": "1004-f.gnt", "index": 0, "offset": 0, "reason": "blank: no ink in 7 x 5 pixels"},
        {
            "file": "1004-f.gnt",
            "index": 6,
            "offset": len(blank) + len(gnt(1004)),
            "reason": "undecodable tag ffff: neither GBK nor ASCII + NUL",
        },
        {"file": "1005-f.gnt", "index": 0, "offset": 0, "reason": "not a .gnt file: no sound record in 10 bytes"},
        {
            "file": "1006-f.gnt",
            "index": 0,
            "offset": 0,
            "reason": "wrong length: sample_size 99, but 10 + 5 x 5 = 35; 10 bytes skipped",
        },
    ]


def test_too_many_bad_records_are_refused(source, tmp_path):
    out = tmp_path / "out"
    decode(source, out)
    (source / "1004-f.gnt").write_bytes(gnt(1004)[:-4])
    with pytest.raises(InkError) as error:
        decode(source, out, max_bad_fraction=0.01)
    report = out / "decoded.refused.jsonl"
    message = str(error.value)
    assert "1 of 30 records are bad, a share of 0.033, and decode.max_bad_fraction allows 0.01" in message
    assert "\n  1004-f.gnt, offset " in message
    assert ": truncated: " in message
    assert f"{report} lists all of them" in message
    assert "set decode.max_bad_fraction to 0.0334" in message
    assert [line["file"] for line in quarantine(report)] == ["1004-f.gnt"]
    assert not (out / "decoded.partial").exists()
    assert len(samples(out)) == 30  # of the run before
    assert decode(source, out, max_bad_fraction=0.0334)["quarantined"] == 1
    assert not report.exists()


def test_no_sample_of_the_charset_is_an_error(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source/a.gnt").write_bytes(gnt(1, "垯宬"))
    with pytest.raises(InkError, match=r"expected samples of charset .*gb2312-level1.txt, found none among 2 records"):
        decode(tmp_path / "source", tmp_path / "out", charset=str(LEVEL1))
    assert not (tmp_path / "out" / "decoded").exists()


def test_the_source_and_the_class_list_are_looked_at_first(source, tmp_path):
    with pytest.raises(InkError, match="found nothing there"):
        decode(tmp_path / "missing", tmp_path / "out")
    with pytest.raises(InkError, match=r"none.txt: expected a file with one character per line"):
        decode(source, tmp_path / "out", charset=str(tmp_path / "none.txt"))
    assert not (tmp_path / "out").exists()


def test_what_is_not_read_is_named_in_log_report_and_metrics(source, tmp_path, caplog):
    for number in range(7):
        (source / f"{number}.rar").write_bytes(b"Rar!")
    (source / "readme.txt").write_bytes(b"no data")
    with zipfile.ZipFile(source / "trn.zip", "w") as archive:
        archive.write(source / "1002-f.gnt", "1002-f.gnt")
        archive.writestr("trn.alz", b"ALZ")
    with caplog.at_level(logging.WARNING, "pipeline"):
        metrics = decode(source, tmp_path / "out")
    assert metrics == GOOD | {
        "not_read": 8,
        "not_read_files": "0.rar, 1.rar, 2.rar, 3.rar, 4.rar, 3 more",
        "duplicates": 1,
        "duplicate_files": "trn.zip:1002-f.gnt",
    }
    assert json.loads((tmp_path / "out/metrics/decode.json").read_text()) == metrics
    assert caplog.messages == [
        f"{source}: 8 files are not read:\n"
        "  7 files (0.rar, ...): .rar archives are not opened; unpack it\n"
        "  trn.zip:trn.alz: .alz archives are not opened; unpack it",
        f"{source}: 1 files are duplicates of others, which are read:\n  trn.zip:1002-f.gnt: the same as 1002-f.gnt",
    ]
    lines = quarantine(tmp_path / "out/decoded/not_read.jsonl")
    assert lines[0] == {"file": "0.rar", "reason": ".rar archives are not opened; unpack it"}
    assert lines[7] == {"file": "trn.zip:1002-f.gnt", "reason": "the same as 1002-f.gnt", "same_as": "1002-f.gnt"}
    assert len(lines) == 9


def test_the_bytes_do_not_depend_on_how_the_source_is_packed(source, tmp_path):
    decode(source, tmp_path / "one")
    (tmp_path / "mixed").mkdir()
    with tarfile.open(tmp_path / "mixed" / "a.tar.gz", "w:gz") as archive:
        for number in (1001, 1002):
            archive.add(source / f"{number}-f.gnt", f"{number}-f.gnt")
    with gzip.open(tmp_path / "mixed" / "1003-f.gnt.gz", "wb") as file:
        file.write((source / "1003-f.gnt").read_bytes())
    with zipfile.ZipFile(tmp_path / "inner.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(source / "1004-f.gnt", "a\\1004-f.gnt")
        archive.write(source / "1005-f.gnt", "a\\1005-f.gnt")
    with zipfile.ZipFile(tmp_path / "mixed" / "outer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
    (tmp_path / "linked").mkdir()
    (source / "1006-f.gnt").rename(tmp_path / "linked" / "1006-f.gnt")
    (tmp_path / "mixed" / "link").symlink_to(tmp_path / "linked")
    decode(tmp_path / "mixed", tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["classes.txt", "decoded", "metrics"]
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
