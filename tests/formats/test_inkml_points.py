"""Points of InkML traces: x to the right, y downwards, for every order and encoding of channels."""

import numpy as np
import pytest

from pipeline.formats.inkml_points import Channel, Layout, layout_of, read_points


def points(text, *channels):
    return read_points(text, layout_of([Channel(name) for name in channels])).tolist()


def test_without_a_format_the_first_two_numbers_are_x_and_y():
    assert layout_of([]) == Layout(x=0, y=1)
    assert points("1 2, 3.5 -4 9, ,") == [[1, 2], [3.5, -4]]


@pytest.mark.parametrize(
    ("channels", "text"),
    [
        ("XY", "1 2, 3 4"),
        ("YX", "2 1, 4 3"),
        ("xy", "1 2, 3 4"),
        ("TXY", "7 1 2, 8 3 4"),
        ("BXY", "F1 2, T 3 4"),
        ("XFY", "1 0.5 2 9, 3 0.5 4"),
    ],
)
def test_channels_stand_in_the_order_that_the_format_gives(channels, text):
    assert points(text, *channels) == [[1, 2], [3, 4]]


def test_a_reversed_channel_grows_to_the_left_or_upwards():
    assert read_points("1 2", layout_of([Channel("X"), Channel("Y", reversed=True)])).tolist() == [[1, -2]]
    assert read_points("1 2", layout_of([Channel("X", reversed=True), Channel("Y")])).tolist() == [[-1, 2]]


@pytest.mark.parametrize(
    "channels",
    [
        [Channel("X")],
        [Channel("X"), Channel("T")],
        [Channel("X"), Channel("Y"), Channel("x")],
        [Channel("X"), Channel("Y", intermittent=True)],
    ],
)
def test_a_format_has_one_x_and_one_y_in_every_point(channels):
    with pytest.raises(ValueError, match="expected one channel X and one channel Y in every point, found X"):
        layout_of(channels)


def test_intermittent_channels_stand_behind_the_others():
    channels = [Channel("B", intermittent=True), Channel("Y"), Channel("X")]
    assert read_points("2 1 T, 4 3", layout_of(channels)).tolist() == [[1, 2], [3, 4]]


def test_x_and_y_are_in_the_same_units():
    assert layout_of([Channel("X", units="mm"), Channel("Y", units="mm")]).frame == ("mm", ("", ""))
    with pytest.raises(ValueError, match="expected X and Y in the same units, found 'mm' and 'cm'"):
        layout_of([Channel("X", units="mm"), Channel("Y", units="cm")])


# The example of the recommendation, 3.3.1, with values calculated by hand.
DIFFERENCES = """1125 18432,'23'43,"7"-8,3-5,7 -3,6 2,6 8,3 6 T,2 4*T,3 6,3-6 F F"""
VALUES = [
    [1125, 18432],
    [1148, 18475],
    [1178, 18510],
    [1211, 18540],
    [1251, 18567],
    [1297, 18596],
    [1349, 18633],
    [1404, 18676],
    [1461, 18723],
    [1521, 18776],
    [1584, 18823],
]


def test_first_and_second_differences():
    assert points(DIFFERENCES) == VALUES
    assert points(DIFFERENCES, "X", "Y", "B", "S") == VALUES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2, '3 '4, 5 6, !7 !8, 9 10", [[1, 2], [4, 6], [9, 12], [7, 8], [9, 10]]),
        ("1 2, '3 4, 5 6", [[1, 2], [4, 4], [9, 6]]),  # each channel by itself
        ("1 2, * 5, '3 *, * 6", [[1, 2], [1, 5], [4, 5], [7, 6]]),
        ('1 2, 4 6, "1 "-1, * *', [[1, 2], [4, 6], [8, 9], [13, 11]]),
        ("#A -#1f, 1e1 .5", [[10, -31], [10, 0.5]]),
        ("10-20,30+40", [[10, -20], [30, 40]]),
        ("1 2, ' 3 ' 4", [[1, 2], [4, 6]]),
    ],
)
def test_ways_to_encode_values(text, expected):
    assert points(text) == expected
    assert points(text.replace(",", " 9,") + " 9", "X", "Y", "F") == expected


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1 2, 3",
        "a b",
        "'1 '2",
        '1 2, "3 "4',
        "* *",
        "? 2",
        "1 ?",
        "T F",
        "1;2",
        "1_0 2",
        "1 2x, '3 '4",
        "'",
        "#G 1",
    ],
)
def test_what_gives_no_x_and_y_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        points(text)


def test_thousands_of_digits_and_spaces_take_no_time():
    for text in ("1" * 200_000 + "x 1", "1 2, '" + " " * 200_000 + "x", "#" + "f" * 200_000 + " 1"):
        with pytest.raises(ValueError, match=r".+"):
            points(text)


def test_no_points():
    assert read_points("", Layout()).shape == read_points(" , ", Layout(x=1, y=0)).shape == (0, 2)
    assert read_points("1 2", Layout()).dtype == np.float64
