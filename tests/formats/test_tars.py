"""The files of a tar, and damaged tars."""

import io
import tarfile

import pytest

from pipeline.formats.tars import tar_members

LONG = "手" * 60 + "/" + "x" * 120 + ".a"


def tar(form, *files, **options):
    """A tar of (name, bytes, changes of the header)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, **options) as archive:
        for name, data, changes in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def members(data):
    """Names and bytes of the files; the reason for files that cannot be read."""
    found = tar_members(io.BytesIO(data))
    return [(m.name, m.problem or data[m.start : m.start + m.size]) for m in found]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_of_each_format(form):
    files = [("a/x.a", b"1" * 700, {}), ("y.a", b"", {}), ("手.a", b"23", {})]
    assert members(tar(form, *files)) == [(name, data) for name, data, _ in files]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names(form):
    assert members(tar(form, (LONG, b"1", {}), ("y.a", b"2", {}))) == [(LONG, b"1"), ("y.a", b"2")]


def test_names_in_gbk():
    assert members(tar(tarfile.GNU_FORMAT, ("手写.a", b"1", {}), encoding="gbk")) == [("手写.a", b"1")]


def test_a_size_among_the_attributes():
    """The header for a size that is too large for the usual field."""
    data = bytearray(tar(tarfile.PAX_FORMAT, ("x.a", b"1" * 700, {"pax_headers": {"size": "700"}}), ("y.a", b"2", {})))
    header = tarfile.TarInfo.frombuf(bytes(data[1024:1536]), "utf-8", "strict")
    header.size = 0
    data[1024:1536] = header.tobuf(tarfile.USTAR_FORMAT)
    assert members(bytes(data)) == [("x.a", b"1" * 700), ("y.a", b"2")]


def test_folders_links_and_devices():
    files = [
        ("d", b"", {"type": tarfile.DIRTYPE}),
        ("d/x.a", b"12", {}),
        ("hard.a", b"", {"type": tarfile.LNKTYPE, "linkname": "d/x.a"}),
        ("lost.a", b"", {"type": tarfile.LNKTYPE, "linkname": "nowhere"}),
        ("soft.a", b"", {"type": tarfile.SYMTYPE, "linkname": "d/x.a"}),
        ("null.a", b"", {"type": tarfile.CHRTYPE}),
    ]
    problem = "a link or a device; pack the file itself"
    read = [("d/x.a", b"12"), ("hard.a", b"12")]
    assert members(tar(tarfile.PAX_FORMAT, *files)) == [*read, *((f"{n}.a", problem) for n in ("lost", "soft", "null"))]


def test_a_tar_without_files():
    assert members(tar(tarfile.PAX_FORMAT)) == []


def test_a_tar_without_the_zeros_at_its_end():
    data = tar(tarfile.USTAR_FORMAT, ("x.a", b"1", {}))
    assert members(data[:1024]) == members(data) == [("x.a", b"1")]


GOOD = tar(tarfile.USTAR_FORMAT, ("x.a", b"1" * 600, {}), ("y.a", b"2" * 600, {}))
USTAR, GNU, PAX = tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT


def told(**attributes):
    """A tar with the attributes of its file in an extended header."""
    return tar(PAX, ("x.a", b"", {"pax_headers": attributes}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no header at byte 0"),
        (GOOD[:100], "no header at byte 0"),
        (GOOD[:1000], "the header at byte 0 declares 600 bytes, 488 are left"),
        (GOOD[:1600], "no header at byte 1536"),
        (GOOD[:1540] + b"damage" + GOOD[1546:], "no header at byte 1536"),
        (tar(GNU, ("x.a", b"", {"type": tarfile.GNUTYPE_SPARSE})), "a sparse file; pack it again"),
        (told(**{"GNU.sparse.major": "1"}), "a sparse file; pack it again"),
        (told(size="-1"), "expected a number, found b'-1'"),
        (told(size="9" * 20), "expected a number, found b'9"),
        (told(size="65536"), "the header at byte 1024 declares 65536 bytes, "),
        (tar(USTAR, ("x", b"nine bytes", {"type": b"x"})), "expected a number, found b'nine'"),
        (tar(USTAR, ("x", b"9 bytes\n\n", {"type": b"x"})), "a malformed list of attributes"),
        (tar(USTAR, ("x", b"0 ", {"type": b"x"})), "a malformed list of attributes"),
        (tar(USTAR, ("x", bytes((1 << 20) + 1), {"type": b"L"})), "declares 1048577 bytes, expected at most 1048576"),
    ],
)
def test_damaged_tars(data, reason):
    with pytest.raises(tarfile.TarError, match=reason):
        members(data)


def test_a_negative_size_does_not_lead_back():
    header = tarfile.TarInfo("x.a")
    header.size = -1024
    data = header.tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(tarfile.TarError, match="the header at byte 0 declares -1024 bytes"):
        members(data + bytes(1024))
