"""Skew: lines of writing become level; what is upright, or shows no lines, stays as it is."""

import cv2
import numpy as np
import pytest

from pipeline.ink.develop import find_parts
from pipeline.ink.skew import STEP, STEPS, UNITS, find_slope, turn_upright


def writing(*rows: str, unit: int = 20) -> np.ndarray:
    """Letters as boxes of 20 x 14 pixels, `-` as a short bar, `_` as a bar of ten letters: uint8, 255 = ink."""
    image = np.zeros((60 + 2 * unit * len(rows), 300), np.uint8)
    for number, row in enumerate(rows):
        x, y = 30, 30 + 2 * unit * number
        for letter in row:
            if letter == "x":
                cv2.rectangle(image, (x, y), (x + 13, y + 19), 255, 3)
            elif letter == "-":
                image[y + 9 : y + 12, x : x + 14] = 255
            elif letter == "_":
                image[y + 9 : y + 12, x : x + 180] = 255
            x += 20
    return image


def tilted(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turned counter-clockwise, on a larger picture."""
    side = 400
    turn = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 2), degrees, 1)
    turn[:, 2] += (side - image.shape[1]) / 2, (side - image.shape[0]) / 2
    return cv2.warpAffine(image, turn, (side, side))


def slope(image: np.ndarray) -> float:
    """Degrees."""
    return float(np.degrees(np.arctan(find_slope(find_parts(image)) / UNITS)))


@pytest.mark.parametrize("rows", [["xxxx-xxxxx"], ["xx-xxx", "xxxxxxxx", "xx"]])
@pytest.mark.parametrize("degrees", [-20, -10, -5, 5, 10, 20])
def test_the_slope_of_lines_is_found(rows, degrees):
    assert slope(tilted(writing(*rows), degrees)) == pytest.approx(degrees, abs=1)


@pytest.mark.parametrize(
    "rows", [["xxxx-xxxxx"], ["xx-xxx", "xxxxxxxx", "xx"], ["x", "x", "x", "x"], ["xx", "_", "xx"]]
)
@pytest.mark.parametrize("degrees", [-1, -0.5, 0, 0.5, 1])
def test_what_is_upright_stays(rows, degrees):
    assert slope(tilted(writing(*rows), degrees)) == 0


@pytest.mark.parametrize("row", ["x", "-", "_", "xx", "xxx"])
@pytest.mark.parametrize("degrees", [-20, -8, 8, 20])
def test_too_little_writing_shows_no_slope(row, degrees):
    assert slope(tilted(writing(row), degrees)) == 0


@pytest.mark.parametrize("degrees", [-8, 8])
def test_a_slanted_bar_does_not_turn_what_is_written_around_it(degrees):
    image = writing("xxxxxx", "", "xxxxxx")
    bar = tilted(writing("_"), degrees)[100:300, 50:350]
    top = 60 + 20 - 100
    image[max(top, 0) : top + 200] |= bar[: image.shape[0]][: len(image[max(top, 0) : top + 200])]
    assert slope(image) == 0


@pytest.mark.parametrize("step", [-STEPS, -20, 3, 40])
def test_a_turned_picture_leads_back(step):
    image = np.zeros((120, 300), np.uint8)
    middles = np.array([[20.5, 30.5], [100.5, 280.5], [60.5, 150.5]])  # y, x of discs
    for y, x in middles.astype(int).tolist():
        cv2.circle(image, (x, y), 6, 255, -1)
    upright, turn = turn_upright(image, STEP * step)
    parts = find_parts(upright)
    assert len(parts.boxes) == len(middles)
    found = turn.to_page(parts.boxes.astype(np.float64))
    found = (found[:, :2] + found[:, 2:]) / 2
    np.testing.assert_allclose(found[np.argsort(found[:, 1])], middles[np.argsort(middles[:, 1])], atol=0.75)


def test_turning_keeps_the_ink():
    image = writing("xxxx", "xxxx")
    upright, _ = turn_upright(image, 150)
    assert int(upright.sum()) == pytest.approx(int(image.sum()), rel=0.01)
    np.testing.assert_array_equal(turn_upright(image, 0)[0], image)
