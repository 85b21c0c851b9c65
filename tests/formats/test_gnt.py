"""`.gnt` files: good records are read; damage gives a defect with its offset and reason."""

import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InkError
from pipeline.formats.gnt import MAX_SIDE, Defect, GntRecord, encode_record, read_gnt, spans, write_gnt

CHARS = "啊阿埃"


def scan(width, height, ink=0):
    """A scan of paper with one stroke of `ink` along the diagonal."""
    image = np.full((height, width), 255, np.uint8)
    image[np.arange(min(width, height)), np.arange(min(width, height))] = ink
    return image


RECORDS = [encode_record(char, scan(7 + i, 9, i)) for i, char in enumerate(CHARS)]
STARTS = [0, len(RECORDS[0]), len(RECORDS[0] + RECORDS[1])]
END = sum(map(len, RECORDS))


def chars(data):
    return "".join(item.char for item in read_gnt(data) if isinstance(item, GntRecord))


def defects(data):
    return [(item.index, item.offset, item.reason) for item in read_gnt(data) if isinstance(item, Defect)]


def test_records_come_out_as_they_went_in():
    items = list(read_gnt(b"".join(RECORDS)))
    assert [(i.index, i.offset, i.char, i.width, i.height) for i in items] == [
        (0, 0, "啊", 7, 9),
        (1, STARTS[1], "阿", 8, 9),
        (2, STARTS[2], "埃", 9, 9),
    ]
    for i, item in enumerate(items):
        np.testing.assert_array_equal(item.pixels, scan(7 + i, 9, i))


def test_the_bytes_of_a_record_are_those_of_the_specification():
    assert encode_record("啊", np.array([[255, 0, 1]], np.uint8)) == bytes.fromhex("0d000000 b0a1 0300 0100 ff0001")


def test_pixels_are_a_view_not_a_copy():
    data = bytearray(RECORDS[0])
    (item,) = read_gnt(data)
    data[10] = 77
    assert item.pixels[0, 0] == 77


def test_sides_above_one_byte_do_not_wrap():
    (item,) = read_gnt(encode_record("啊", scan(460, 300)))
    assert item.pixels.shape == (300, 460)


@pytest.mark.parametrize(
    ("tag", "char"),
    [(b"\xb0\xa1", "啊"), ("垯".encode("gbk"), "垯"), (b"!\x00", "!"), (b"\xa3\xb0", "０")],
    ids=["gb2312", "gbk only", "ascii and NUL", "full width"],
)
def test_tags(tag, char):
    assert chars(struct.pack("<I2sHH", 11, tag, 1, 1) + b"\0") == char
    assert encode_record(char, scan(1, 1))[4:6] == tag


def test_empty_file():
    assert defects(b"") == [(0, 0, "empty file")]


def test_not_a_gnt_file():
    text = b"PK\x03\x04 this is something else altogether" * 1000
    assert defects(text) == [(0, 0, f"not a .gnt file: no sound record in {len(text)} bytes")]
    assert chars(text) == ""


def test_truncated_last_record():
    data = b"".join(RECORDS)[:-5]
    assert chars(data) == "啊阿"
    assert defects(data) == [(2, STARTS[2], "truncated: 91 bytes expected, 86 left")]


def test_truncated_header():
    assert defects(b"".join(RECORDS[:2]) + RECORDS[2][:6]) == [(2, STARTS[2], "trailing bytes: 6, fewer than a header")]


def test_trailing_bytes():
    data = b"".join(RECORDS) + bytes(40)
    assert chars(data) == CHARS
    reason = "wrong length: sample_size 0, but 10 + 0 x 0 = 10; no record in the last 40 bytes"
    assert defects(data) == [(3, END, reason)]


def test_wrong_length_costs_one_record():
    data = RECORDS[0] + struct.pack("<I", 12345) + RECORDS[1][4:] + RECORDS[2]
    assert chars(data) == "啊埃"
    assert defects(data) == [
        (1, STARTS[1], "wrong length: sample_size 12345, but 10 + 8 x 9 = 82; 82 bytes skipped"),
    ]


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 5), (5, 0)])
def test_zero_area_costs_one_record(width, height):
    empty = struct.pack("<I2sHH", 10, b"\xb0\xa1", width, height)
    data = RECORDS[0] + empty + RECORDS[1]
    assert chars(data) == "啊阿"
    assert defects(data) == [(1, STARTS[1], f"zero area: width {width}, height {height}")]


def test_undecodable_tag_costs_one_record():
    data = RECORDS[0] + RECORDS[1][:4] + b"\xff\xff" + RECORDS[1][6:] + RECORDS[2]
    assert chars(data) == "啊埃"
    assert defects(data) == [(1, STARTS[1], "undecodable tag ffff: neither GBK nor ASCII + NUL")]


def test_an_oversized_header_is_not_believed():
    header = struct.pack("<I2sHH", 10 + 60000 * 60000, b"\xb0\xa1", 60000, 60000)
    data = RECORDS[0] + header + RECORDS[1]
    assert chars(data) == "啊阿"
    assert defects(data) == [(1, STARTS[1], f"oversized: 60000 x 60000, at most {MAX_SIDE} a side; 10 bytes skipped")]


@pytest.mark.parametrize("side", [60000, MAX_SIDE], ids=["absurd", "just allowed"])
def test_nothing_is_allocated_because_a_header_claims_it(side):
    header = struct.pack("<I2sHH", 10 + side * side, b"\xb0\xa1", side, side)
    tracemalloc.start()
    assert len(list(read_gnt(header + bytes(90)))) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_pixels_that_are_missing_cost_only_their_record():
    data = RECORDS[0] + RECORDS[1][:-3] + RECORDS[2]
    assert chars(data) == "啊埃"
    assert defects(data) == [(1, STARTS[1], "cut short: 82 bytes expected, the next record starts after 79")]


def test_a_good_record_between_two_bad_headers_is_found():
    broken = b"\xee" * 4
    data = broken + RECORDS[0][4:] + RECORDS[1] + broken + RECORDS[2][4:]
    assert chars(data) == "阿"
    assert [offset for _, offset, _ in defects(data)] == [0, STARTS[2]]


def test_damage_far_longer_than_a_search_window():
    data = RECORDS[0] + bytes(3_000_000) + RECORDS[1]
    assert chars(data) == "啊阿"
    assert [offset for _, offset, _ in defects(data)] == [STARTS[1]]


@pytest.mark.parametrize(
    ("char", "image", "message"),
    [
        ("😀", scan(1, 1), "expected one GBK character, found '😀'"),
        ("啊啊", scan(1, 1), "expected one GBK character, found '啊啊'"),
        ("", scan(1, 1), "expected one GBK character"),
        ("啊", np.zeros((2, 2)), r"expected a uint8 image \[height, width\], found float64 \[2, 2\]"),
        ("啊", np.zeros((0, 2), np.uint8), "expected sides of 1 to 2048 pixels, found 2 x 0"),
        ("啊", np.zeros((1, 2049), np.uint8), "expected sides of 1 to 2048 pixels, found 2049 x 1"),
    ],
)
def test_the_writer_refuses_what_the_format_cannot_hold(char, image, message):
    with pytest.raises(InkError, match=message):
        encode_record(char, image)


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "1001-f.gnt"
    with pytest.raises(InkError):
        write_gnt(path, [("啊", scan(2, 2)), ("😀", scan(2, 2))])
    assert not list(tmp_path.iterdir())
    write_gnt(path, [(char, scan(7 + i, 9, i)) for i, char in enumerate(CHARS)])
    assert path.read_bytes() == b"".join(RECORDS)


images = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(0, 254)).map(lambda i: scan(*i))
files = st.lists(st.tuples(st.sampled_from("啊阿埃垯A!座"), images), min_size=1, max_size=6)


@given(files)
def test_any_records_survive_the_file(records):
    data = b"".join(encode_record(char, image) for char, image in records)
    items = list(read_gnt(data))
    assert b"".join(encode_record(item.char, item.pixels) for item in items) == data


@st.composite
def damaged(draw):
    """A file with bytes removed, overwritten or inserted at one place, and its part before that place."""
    data = b"".join(encode_record(char, image) for char, image in draw(files))
    at = draw(st.integers(0, len(data)))
    cut = draw(st.integers(0, 30))
    return data, at, data[:at] + draw(st.binary(max_size=30)) + data[at + cut :]


@settings(max_examples=150)
@given(damaged())
def test_any_damage_is_accounted_for(case):
    whole, at, data = case
    items = list(read_gnt(data))
    assert [item.index for item in items] == list(range(len(items)))
    offsets = [item.offset for item in items]
    assert offsets == sorted(set(offsets))
    # All records that end before the damage are read, and a record or a defect covers every byte.
    before = [i for i in read_gnt(whole) if i.offset + 10 + i.width * i.height <= at]
    assert [(i.char, i.offset) for i in items[: len(before)]] == [(i.char, i.offset) for i in before]
    for item, following in zip(items, [*offsets[1:], len(data)], strict=True):
        if isinstance(item, GntRecord):
            assert following == item.offset + 10 + item.pixels.size


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_accounted_for(data):
    assert sum(1 for _ in read_gnt(data)) >= 1


def seen(item):
    pixels = item.pixels.tobytes() if isinstance(item, GntRecord) else item.reason
    return item.index, item.offset, pixels


@given(damaged(), st.integers(1, 100))
def test_parts_yield_what_the_file_yields(case, most):
    data = case[2]
    whole = [seen(item) for item in read_gnt(data)]
    parts = spans(data, most)
    assert [seen(item) for part in parts for item in read_gnt(data[part.start : part.read_to], part)] == whole
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert all(part.stop - part.start >= most for part in parts[:-1])


def test_parts_of_a_sound_file():
    data = b"".join(encode_record("啊", scan(4, 4)) for _ in range(6))  # 26 bytes each
    assert [part.start for part in spans(data, 50)] == [0, 52, 104]
    assert spans(data, 1000) == [(0, 0, 156)]
