"""Files of a source, plain or in archives. test_sources.py tests sources of `.gnt` files."""

import bz2
import gzip
import io
import os
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest

from pipeline.errors import InkError
from pipeline.formats import archives, search
from pipeline.formats.archives import Place
from pipeline.formats.entries import Entry, read_entries, same_bytes
from pipeline.formats.search import find_entries
from pipeline.formats.unpacking import Room


def zipped(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def search_a(folder, **options):
    """The files that end in `.a`."""
    return find_entries(folder, (".a",), "x.source", **options)


def contents(folder, **options):
    """Names and bytes of the files that end in `.a`."""
    entries = search_a(folder, **options).entries
    return {entry.name: data for entry, data in zip(entries, read_entries(entries, 1 << 20), strict=True)}


@pytest.fixture
def source(tmp_path):
    """A folder with a file, a file with another extension, and a zip in a subfolder."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.a").write_bytes(b"1")
    (folder / "two.B").write_bytes(b"22")
    (folder / "three.c").write_bytes(b"333")
    with zipfile.ZipFile(folder / "sub" / "x.zip", "w") as archive:
        archive.writestr("deep/four.a", b"4444")
        archive.writestr("/five.b", b"5")
        archive.writestr("../six.a", b"6")
        archive.writestr("__MACOSX/._four.a", b"7")
    return folder


def test_files_of_several_endings(source):
    entries = find_entries(source, (".a", ".b"), "x.source").entries
    assert [(entry.name, entry.unpacked.as_posix(), entry.size) for entry in entries] == [
        ("one.a", "one.a", 1),
        ("sub/x.zip:/five.b", "sub/five.b", 1),
        ("sub/x.zip:deep/four.a", "sub/deep/four.a", 4),
        ("two.B", "two.B", 2),
    ]
    assert list(read_entries(entries, 3)) == [b"1", b"5", b"4444", b"22"]


def test_no_more_than_the_limit_and_a_byte_is_read(source):
    (entry,) = search_a(source / "sub" / "x.zip").entries
    assert (entry.name, entry.unpacked.as_posix()) == ("x.zip:deep/four.a", "deep/four.a")
    assert list(read_entries([entry], 1)) == [b"44"]


def test_what_cannot_be_read_is_handed_on(source):
    plain, packed = search_a(source).entries
    os.mkfifo(source / "pipe")
    gone, pipe = (Entry("x", PurePosixPath("x"), Place(str(source / name)), 0) for name in ("gone", "pipe"))
    broken = Entry("broken", PurePosixPath("x"), plain.place, 0, number=0)
    results = list(read_entries([gone, pipe, broken, plain, packed], 9))
    assert [str(result) for result in results[:3]] == ["no such file"] * 2 + ["File is not a zip file"]
    assert results[3:] == [b"1", b"4444"]


def test_a_pipe_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "x.a")
    with pytest.raises(InkError, match=r"x.a: expected a plain file, found something else; remove it from x.source"):
        find_entries(tmp_path, (".a",), "x.source")


def test_messages_name_the_endings_and_the_param(tmp_path):
    with pytest.raises(InkError, match=r"expected a folder, a .a or .b file or a .zip of them.*correct x.source"):
        find_entries(tmp_path / "missing", (".a", ".b"), "x.source")
    with pytest.raises(InkError, match=r"expected .a or .b files or zips of them, found none among 0 files;"):
        find_entries(tmp_path, (".a", ".b"), "x.source")


def test_a_zip_that_unpacks_to_far_more_than_it_is(source, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS_UNPACKED", 1000)
    with zipfile.ZipFile(source / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.a", bytes(1_000_000))
    with pytest.raises(InkError, match=r"bomb.zip: expected a zip that unpacks to at most \d+ bytes .*found 1000000"):
        find_entries(source, (".a",), "x.source")
    monkeypatch.setattr(archives, "ALWAYS_UNPACKED", 1_000_000)
    assert len(search_a(source).entries) == 3


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_methods_that_unpack_in_small_steps(tmp_path, method):
    (tmp_path / "x.zip").write_bytes(zipped({"x.a": b"1"}, method))
    assert contents(tmp_path) == {"x.zip:x.a": b"1"}


def test_a_method_that_may_unpack_gigabytes_in_one_step(tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped({"x.a": b"1"}, zipfile.ZIP_BZIP2))
    (found,) = contents(tmp_path).values()
    assert str(found) == "compression method 12, expected stored, deflated or LZMA; zip it again"


PACKED = {
    "stored.zip": {"x.zip": zipped({"d/x.a": b"1"})},
    "one.tar": {"x.zip": zipped({"d/x.a": b"1"})},
    "two.zip": {"x.tar": tarred({"d/x.a": b"1"})},
    "three.zip": {"x.tgz": gzip.compress(tarred({"d/x.a": b"1"}), mtime=0)},
    "four.tar": {"x.tar.bz2": bz2.compress(tarred({"d/x.a": b"1"}))},
    "five.zip": {"x.zip.gz": gzip.compress(zipped({"d/x.a": b"1"}), mtime=0)},
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", PACKED)
def test_archives_in_archives(tmp_path, name, method):
    pack = tarred if name.endswith(".tar") else lambda members: zipped(members, method)
    (tmp_path / name).write_bytes(pack(PACKED[name]))
    (inner,) = PACKED[name]
    room = Room(tmp_path / "room")
    assert contents(tmp_path / name, room=room) == {f"{name}:{inner}:d/x.a": b"1"}
    (entry,) = search_a(tmp_path / name, room=room).entries
    assert (entry.unpacked.as_posix(), entry.size, entry.archive) == ("d/x.a", 1, f"{name}:{inner}")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.tar", tarred({"x.a": b"12", "d/y.a": b"345"})),
        ("x.tar.gz", gzip.compress(tarred({"x.a": b"12", "d/y.a": b"345"}), mtime=0)),
        ("x.TGZ", gzip.compress(tarred({"x.a": b"12", "d/y.a": b"345"}), mtime=0)),
        ("x.tar.bz2", bz2.compress(tarred({"x.a": b"12", "d/y.a": b"345"}))),
    ],
)
def test_tars(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert contents(tmp_path) == {f"{name}:d/y.a": b"345", f"{name}:x.a": b"12"}


def test_single_compressed_files_take_the_place_of_what_they_hold(tmp_path):
    streams = [gzip.compress(part, mtime=0) for part in (b"12", b"3")]  # two in one file, like from `cat`
    (tmp_path / "x.a.gz").write_bytes(b"".join(streams))
    (tmp_path / "y.A.bz2").write_bytes(bz2.compress(b"45"))
    (tmp_path / "z.zip").write_bytes(zipped({"z.a.gz": gzip.compress(b"6", mtime=0)}))
    assert contents(tmp_path) == {"x.a.gz": b"123", "y.A.bz2": b"45", "z.zip:z.a.gz": b"6"}
    assert [entry.unpacked.as_posix() for entry in search_a(tmp_path).entries] == ["x.a", "y.A", "z.a"]


def test_only_what_is_compressed_as_a_whole_takes_room(tmp_path):
    (tmp_path / "x.zip").write_bytes(zipped({"x.zip": zipped({"x.a": b"1" * 99}), "x.a": b"1"}, zipfile.ZIP_STORED))
    (tmp_path / "y.tar").write_bytes(tarred({"y.zip": zipped({"y.a": b"2"})}))
    room = tmp_path / "room"
    assert len(contents(tmp_path, room=Room(room))) == 3
    assert not room.exists()
    (tmp_path / "z.gz").write_bytes(gzip.compress(b"not looked for", mtime=0))
    (tmp_path / "z.a.gz").write_bytes(gzip.compress(b"3" * 7, mtime=0))
    assert len(search_a(tmp_path, room=Room(room)).entries) == 4
    assert [path.stat().st_size for path in room.iterdir()] == [7]


def test_folders_that_are_called_as_files(tmp_path):
    for name in ("x.a", "y.zip", "z.tar.gz"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.a").write_bytes(name.encode())
    assert contents(tmp_path) == {"x.a/w.a": b"x.a", "y.zip/w.a": b"y.zip", "z.tar.gz/w.a": b"z.tar.gz"}


def test_linked_folders_are_read_once(tmp_path):
    source, elsewhere = tmp_path / "source", tmp_path / "elsewhere"
    (source / "real").mkdir(parents=True)
    (elsewhere / "deep").mkdir(parents=True)
    (source / "real" / "x.a").write_bytes(b"1")
    (elsewhere / "deep" / "y.a").write_bytes(b"2")
    (elsewhere / "deep" / "back").symlink_to(elsewhere)
    (source / "a").symlink_to(source / "real")
    (source / "b").symlink_to(elsewhere)
    (source / "c").symlink_to(tmp_path)
    (source / "d").symlink_to(source / "d")
    assert contents(source) == {"b/deep/y.a": b"2", "real/x.a": b"1"}
    assert search_a(source).passed_over(".a") == [
        ("a", "the same as real", "real"),
        ("b/deep/back", "the same as b", "b"),
        ("c", "a link to a folder above the source", ""),
        ("d", "expected .a", ""),
    ]


def test_every_file_that_looks_like_data_is_named(tmp_path):
    for name in ("x.a", "more.rar", "b.b", "README", "notes.txt", ".hidden.b", "broken.b.gz"):
        (tmp_path / name).write_bytes(b"")
    hidden = {"__MACOSX/._x.b": b"", "../y.a": b"", "in.7z": b"", "in.b": b"", "in.md": b""}
    (tmp_path / "x.zip").write_bytes(zipped(hidden))
    (tmp_path / "link.b").symlink_to(tmp_path / "nowhere")
    assert search_a(tmp_path).passed_over("a file that ends in .a") == [
        ("b.b", "expected a file that ends in .a", ""),
        ("broken.b.gz", "expected a file that ends in .a", ""),
        ("link.b", "expected a file that ends in .a", ""),
        ("more.rar", ".rar archives are not opened; unpack it", ""),
        ("x.zip:../y.a", "its path points outside the archive; pack it again", ""),
        ("x.zip:in.7z", ".7z archives are not opened; unpack it", ""),
        ("x.zip:in.b", "expected a file that ends in .a", ""),
    ]


def test_a_source_without_data_says_what_it_has(tmp_path):
    for name in ("1.png", "2.png", "more.rar", "README"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "x.zip").write_bytes(zipped({"in.7z": b""}))
    seen = "2 .png (1.png, ...), 1 without ending (README), 1 .rar (more.rar), 1 .zip (x.zip), 1 .7z (x.zip:in.7z)"
    with pytest.raises(InkError) as error:
        search_a(tmp_path)
    assert f"expected .a files or zips of them, found none among 5 files: {seen}; zip, tar" in str(error.value)
    assert "set x.source to the place of the data" in str(error.value)


def nested(depth):
    data, name = b"1", "x.a"
    for _ in range(depth):
        data, name = zipped({name: data}), "x.zip"
    return data


def test_archives_are_opened_to_a_depth(tmp_path):
    (tmp_path / "y.a").write_bytes(b"2")
    (tmp_path / "x.zip").write_bytes(nested(search.MAX_DEPTH))
    assert len(search_a(tmp_path).entries) == 2
    (tmp_path / "x.zip").write_bytes(nested(search.MAX_DEPTH + 1))
    found = search_a(tmp_path)
    assert [entry.name for entry in found.entries] == ["y.a"]
    assert found.passed_over(".a") == [
        ("x.zip:x.zip:x.zip:x.zip:x.zip", "more than 4 nested archives; unpack them", "")
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.a.gz", gzip.compress(bytes(50_000), mtime=0)),
        ("x.tgz", gzip.compress(tarred({"x.a": bytes(50_000)}), mtime=0)),
        ("x.tar.bz2", bz2.compress(tarred({"x.a": bytes(50_000)}))),
        ("x.zip", zipped({"x.zip": zipped({"x.a": bytes(50_000)})})),
        ("x.zip", zipped({f"{n}.zip": zipped({"x.a": bytes(5_000)}) for n in range(8)})),
    ],
)
def test_what_all_archives_in_one_file_unpack_to_is_bounded(tmp_path, monkeypatch, name, data):
    monkeypatch.setattr(archives, "ALWAYS_UNPACKED", 20_000)
    monkeypatch.setattr(archives, "MAX_RATIO", 2)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(
        InkError, match=rf"{name}: expected an? (zip|archive) that unpacks to at most 20000 bytes .*found"
    ):
        search_a(tmp_path)


def test_the_number_of_files_in_an_archive_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "MAX_FILES", 3)
    (tmp_path / "x.tar").write_bytes(tarred({f"{number}.a": b"" for number in range(4)}))
    with pytest.raises(InkError, match=r"x.tar: expected at most 3 files in one archive, found more"):
        search_a(tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("x.tar", b"no tar", r"/x.tar: broken archive \(no header at byte 0 "),
        ("x.tgz", b"no gzip", r"/x.tgz: broken archive \(Not a gzipped file"),
        (
            "x.a.gz",
            gzip.compress(bytes(9999), mtime=0)[:-9],
            r"/x.a.gz: broken compressed file \(Compressed file ended before",
        ),
        ("x.a.bz2", b"BZh91", r"/x.a.bz2: broken compressed file \(Compressed file ended before"),
        ("x.zip", zipped({"y.zip": b"PK"}), r"/x.zip:y.zip: broken zip \(File is not a zip file\); fetch it again"),
        (
            "x.tar",
            tarred({"y.tar": tarred({"x.a": b"1" * 999})[:1024]}),
            r"/x.tar:y.tar: broken archive \(the header at",
        ),
    ],
)
def test_broken_archives(tmp_path, name, data, told):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InkError, match=told):
        search_a(tmp_path)


def test_an_encrypted_archive_in_a_zip(tmp_path):
    data = bytearray(zipped({"y.zip": zipped({"x.a": b"1"})}))
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.rindex(signature) + at if at == 8 else at] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InkError, match=r"x.zip:y.zip: broken zip \(encrypted\)"):
        search_a(tmp_path)


def test_the_same_bytes_in_two_places(tmp_path):
    (tmp_path / "1.a").write_bytes(b"123")
    (tmp_path / "2.zip").write_bytes(zipped({"x.a": b"123", "y.a": b"124", "z.a": b"1234"}))
    (tmp_path / "3.tar").write_bytes(tarred({"x.a": b"123"}))
    (tmp_path / "4.a.gz").write_bytes(gzip.compress(b"123", mtime=0))
    one, *others = search_a(tmp_path).entries
    same = {entry.name: same_bytes(one, entry) for entry in others}
    assert same == {"2.zip:x.a": True, "2.zip:y.a": False, "2.zip:z.a": False, "3.tar:x.a": True, "4.a.gz": True}
    (tmp_path / "1.a").unlink()
    assert not any(same_bytes(one, entry) for entry in others)
