"""The sheet shows what was found, what was found wrongly and what was missed, each in its colour."""

import cv2
import numpy as np
import pytest

from pipeline.edge.detections import Detections
from pipeline.report.formula_sheet import GAP, HEADER, MISSED, RIGHT, WRONG, ZOOM, SheetEntry, draw
from pipeline.scoring.coco import Truth

HEIGHT, WIDTH = 60, 200
CLASSES = ["x", r"\sqrt"]
HERE, THERE = [20, 20, 40, 50], [20, 100, 40, 130]


def truth(*labels):
    return Truth(np.array([HERE, THERE][: len(labels)], np.float32).reshape(-1, 4), np.array(labels, int))


def found(*rows):
    boxes, labels, scores = zip(*rows, strict=True) if rows else ([], [], [])
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, int), np.array(scores, float))


def pixels(path, colour):
    """Number of pixels of a colour, without the legend."""
    image = cv2.imread(str(path))[HEADER:, :, ::-1].astype(int)
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(image - rgb).max(axis=2) < 40).sum())


@pytest.mark.parametrize(
    ("true", "rows", "shown"),
    [
        ((0, 1), [(HERE, 0, 0.9), (THERE, 1, 0.8)], {RIGHT}),
        ((0, 1), [(HERE, 0, 0.9)], {RIGHT, MISSED}),
        ((0,), [(HERE, 1, 0.9)], {WRONG, MISSED}),
        ((0,), [(HERE, 0, 0.4)], {MISSED}),  # below the threshold
        ((), [(HERE, 0, 0.9)], {WRONG}),
        ((), [], set()),
    ],
)
def test_colours_tell_right_wrong_and_missed(tmp_path, true, rows, shown):
    draw([SheetEntry(np.zeros((HEIGHT, WIDTH), np.uint8), truth(*true), found(*rows))], CLASSES, tmp_path / "sheet.png")
    assert {colour for colour in (RIGHT, WRONG, MISSED) if pixels(tmp_path / "sheet.png", colour) > 20} == shown


def test_two_formulas_side_by_side(tmp_path):
    example = SheetEntry(np.zeros((HEIGHT, WIDTH), np.uint8), truth(0), found())
    draw([example] * 3, CLASSES, tmp_path / "sheet.png")
    height, width, _ = cv2.imread(str(tmp_path / "sheet.png")).shape
    assert (width, height) == (GAP + 2 * (ZOOM * WIDTH + GAP), HEADER + 2 * (ZOOM * HEIGHT + GAP))


def test_a_hundred_boxes_and_the_same_bytes(tmp_path):
    example = SheetEntry(np.zeros((HEIGHT, WIDTH), np.uint8), truth(0), found(*[(HERE, 0, 0.9)] * 100))
    for name in ("one", "other"):
        draw([example], CLASSES, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
