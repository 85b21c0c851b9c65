"""The `.gnt` files of a data source."""

import gzip
import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from pipeline.errors import InkError
from pipeline.formats import sources
from pipeline.formats.gnt import Defect, GntRecord, encode_record
from pipeline.formats.sources import expand, read_unit, take_stock

SCANS = np.random.default_rng(1).integers(0, 16, (40, 90, 90), np.uint8)
RECORD_BYTES = 10 + 90 * 90
GNT = b"".join(encode_record("啊", scan) for scan in SCANS)


def write(path, data=GNT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/") + ".gnt", data)
    return buffer.getvalue()


def test_a_folder_is_searched_for_files_and_zips(tmp_path):
    write(tmp_path / "b" / "1002-f.gnt")
    write(tmp_path / "a" / "1001-F.GNT")
    write(tmp_path / "c.ZIP", zipped(**{"deep__C003-f": GNT, "notes": GNT}))
    write(tmp_path / "readme.txt", b"no data")
    write(tmp_path / "a" / "._1001-f.gnt", b"left there by macOS")
    assert [(unit.name, unit.writer, unit.prefix, unit.size) for unit in expand(tmp_path)] == [
        ("a/1001-F.GNT", "1001", "1001", len(GNT)),
        ("b/1002-f.gnt", "1002", "1002", len(GNT)),
        ("c.ZIP:deep/C003-f.gnt", "C003", "C003", len(GNT)),
        ("c.ZIP:notes.gnt", "", "notes", len(GNT)),
    ]


@pytest.mark.parametrize(
    ("stem", "writer"),
    [("1001-f", "1001"), ("001-f", "001"), ("C001-f", "C001"), ("scans", ""), ("hwdb_101", ""), ("1001", "")],
)
def test_the_writer_stands_in_names_of_casia(tmp_path, stem, writer):
    write(tmp_path / f"{stem}.gnt")
    (unit,) = expand(tmp_path / f"{stem}.gnt")
    assert (unit.name, unit.writer, unit.prefix) == (f"{stem}.gnt", writer, writer or stem)


def test_a_zip_member_reads_like_a_file(tmp_path):
    write(tmp_path / "plain" / "x.gnt")
    write(tmp_path / "packed" / "x.zip", zipped(x=GNT))
    for source in ("plain", "packed"):
        (unit,) = expand(tmp_path / source)
        items = list(read_unit(unit))
        assert [type(item) for item in items] == [GntRecord] * 40
        assert items[3].offset == 3 * RECORD_BYTES


def test_records_before_a_break_in_a_zip_are_kept(tmp_path):
    data = bytearray(zipped(x=GNT))
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    write(tmp_path / "x.zip", bytes(data))
    (unit,) = expand(tmp_path)
    *records, last = read_unit(unit)
    assert 10 <= len(records) <= 20
    assert all(isinstance(item, GntRecord) for item in records)
    assert isinstance(last, Defect)
    assert last.reason.startswith("broken zip member after ")
    assert last.index == len(records)
    assert last.offset == len(records) * RECORD_BYTES


def test_an_empty_member_of_a_zip(tmp_path):
    write(tmp_path / "x.zip", zipped(x=b""))
    (unit,) = expand(tmp_path)
    assert list(read_unit(unit)) == [Defect(0, 0, "empty file")]


def test_a_file_that_vanished_is_one_defect(tmp_path):
    write(tmp_path / "x.gnt")
    (unit,) = expand(tmp_path)
    (tmp_path / "x.gnt").unlink()
    assert list(read_unit(unit)) == [Defect(0, 0, "cannot be read: No such file or directory")]


def test_nothing_there(tmp_path):
    with pytest.raises(InkError, match=r"expected a folder, a .gnt file or a .zip of them, found nothing there"):
        expand(tmp_path / "missing")


def test_a_folder_without_data(tmp_path):
    write(tmp_path / "readme.txt")
    write(tmp_path / "empty.zip", zipped())
    with pytest.raises(InkError, match=r"expected .gnt files or zips of them, found none among 2 files"):
        expand(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "1001-f.gnt").symlink_to(tmp_path / "gone")
    with pytest.raises(InkError, match=r"1001-f.gnt: cannot be read \(No such file or directory\)"):
        expand(tmp_path)


def test_a_broken_zip(tmp_path):
    write(tmp_path / "x.zip", zipped(x=GNT)[:-100])
    with pytest.raises(InkError, match=r"x.zip: broken zip \(File is not a zip file\); fetch it again"):
        expand(tmp_path)


def test_two_different_files_of_one_writer(tmp_path):
    write(tmp_path / "a" / "1001-f.gnt", GNT[:RECORD_BYTES])
    write(tmp_path / "b.zip", zipped(**{"1001-f": GNT}))
    with pytest.raises(
        InkError,
        match=r"a/1001-f.gnt and b.zip:1001-f.gnt: expected one file per writer, found .* keys are 1001/...",
    ):
        expand(tmp_path)


def test_a_file_that_is_there_twice_is_read_once(tmp_path):
    """Reads the plain file, or else the one in the first archive."""
    write(tmp_path / "a.zip", zipped(**{"1001-f": GNT, "1002-f": GNT}))
    write(tmp_path / "b" / "1001-f.gnt")
    write(tmp_path / "c.gnt.gz", gzip.compress(GNT))
    write(tmp_path / "c.zip", zipped(c=GNT))
    stock = take_stock(tmp_path)
    assert [unit.name for unit in stock.units] == ["a.zip:1002-f.gnt", "b/1001-f.gnt", "c.gnt.gz"]
    assert stock.not_read == [
        ("a.zip:1001-f.gnt", "the same as b/1001-f.gnt", "b/1001-f.gnt"),
        ("c.zip:c.gnt", "the same as c.gnt.gz", "c.gnt.gz"),
    ]


def test_a_file_is_read_wherever_it_lies(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("1001-f.gnt", "deep/1002-f.gnt"):
            info = tarfile.TarInfo(name)
            info.size = len(GNT)
            archive.addfile(info, io.BytesIO(GNT))
    write(tmp_path / "HWDB1.0.tar.gz", packed.getvalue())
    write(tmp_path / "1003-f.gnt.gz", gzip.compress(GNT))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("HWDB1.1.zip", zipped(**{"1004-f": GNT}))
    (tmp_path / "link").symlink_to(tmp_path.parent / f"{tmp_path.name}-more")
    write(tmp_path.parent / f"{tmp_path.name}-more" / "1005-f.gnt")
    units = expand(tmp_path)
    assert [(unit.name, unit.writer, unit.size) for unit in units] == [
        ("1003-f.gnt.gz", "1003", len(GNT)),
        ("HWDB1.0.tar.gz:1001-f.gnt", "1001", len(GNT)),
        ("HWDB1.0.tar.gz:deep/1002-f.gnt", "1002", len(GNT)),
        ("all.zip:HWDB1.1.zip:1004-f.gnt", "1004", len(GNT)),
        ("link/1005-f.gnt", "1005", len(GNT)),
    ]
    for unit in units:
        found = list(read_unit(pickle.loads(pickle.dumps(unit))))
        assert [item.offset for item in found] == [number * RECORD_BYTES for number in range(40)]
        assert all(np.array_equal(item.pixels, scan) for item, scan in zip(found, SCANS, strict=True))


def test_a_large_file_in_a_tar_is_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_MAPPED_FROM", 0)
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in ("1001-f.gnt", "1002-f.gnt"):
            info = tarfile.TarInfo(name)
            info.size = len(GNT)
            archive.addfile(info, io.BytesIO(GNT))
    for unit in expand(tmp_path):
        items = list(read_unit(unit))
        assert all(np.array_equal(item.pixels, scan) for item, scan in zip(items, SCANS, strict=True))


def test_a_name_that_keys_cannot_hold(tmp_path):
    write(tmp_path / "a\nb.gnt")
    with pytest.raises(InkError, match=r"'a\\nb.gnt': expected a printable file name"):
        expand(tmp_path)


def test_no_more_is_unpacked_than_the_zip_declares(tmp_path):
    packed = bytearray(zipped(x=GNT))
    at = packed.rindex(b"PK\1\2") + 24  # the size in the directory
    packed[at : at + 4] = RECORD_BYTES.to_bytes(4, "little")
    write(tmp_path / "x.zip", bytes(packed))
    (unit,) = expand(tmp_path)
    (defect,) = read_unit(unit)
    reason = f"broken zip member after 0 of {RECORD_BYTES} bytes: Bad CRC-32 for file 'x.gnt'"
    assert defect == Defect(0, 0, reason)
