"""Anchors: shapes follow the boxes, the grid lies where it says, and matching agrees with plain IoU."""

import numpy as np
import pytest
from keras import ops

from pipeline.detector import boxes as box_ops
from pipeline.detector.anchors import BACKGROUND, IGNORED, AnchorGrid, choose_shapes, coverage, sizes

STRIDES = (4, 8)
SHAPES = (((8.0, 8.0), (4.0, 16.0)), ((32.0, 32.0), (16.0, 48.0)))
GRID = AnchorGrid(32, 64, STRIDES, SHAPES)


def test_the_long_side_counts_double():
    boxes = np.array([[0, 0, 8, 8], [0, 0, 1, 64], [0, 0, 64, 1]], np.float32)
    assert sizes(boxes).tolist() == pytest.approx([8, 16, 16])


def test_shapes_are_those_of_the_boxes():
    narrow, wide = [[0, 0, 20, 5]] * 40, [[0, 0, 4, 24]] * 40
    large = [[0, 0, 60, 60]] * 80
    shapes = choose_shapes(np.array(narrow + wide + large, np.float32), STRIDES, 2)
    assert sorted(shapes[0]) == [(4.0, 24.0), (20.0, 5.0)]
    assert shapes[1] == ((60.0, 60.0), (60.0, 60.0))
    assert coverage(np.array(narrow + wide + large, np.float32), shapes) == 1.0


def test_a_level_without_boxes_gets_squares_of_its_size():
    shapes = choose_shapes(np.array([[0, 0, 8, 8]] * 50, np.float32), STRIDES, 2)
    assert shapes[1] == ((32.0, 32.0), (96.0, 96.0))


def test_the_grid_is_level_by_level_row_by_row_shape_by_shape():
    boxes = GRID.boxes
    assert len(boxes) == 8 * 16 * 2 + 4 * 8 * 2
    assert boxes[0].tolist() == [-2, -2, 6, 6]  # centred on the first cell of stride 4
    assert boxes[1].tolist() == [0, -6, 4, 10]
    assert boxes[2].tolist() == [-2, 2, 6, 10]  # one cell to the right
    assert boxes[8 * 16 * 2].tolist() == [-12, -12, 20, 20]


@pytest.mark.parametrize("seed", range(5))
def test_matching_agrees_with_iou(seed):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, [20, 40], (6, 2))
    boxes = np.concatenate([low, low + rng.uniform(3, 24, (6, 2))], axis=1).astype(np.float32)
    overlap = np.array(ops.convert_to_numpy(box_ops.iou(GRID.boxes, boxes)))  # [anchors, boxes]
    match = GRID.match(boxes)
    best = overlap.argmax(axis=0)
    assert match[best].tolist() == list(range(6))
    others = np.setdiff1d(np.arange(len(match)), best)
    fit = overlap / np.clip(0.85 * overlap.max(axis=0), 0.25, 0.5)
    largest, owner = fit.max(axis=1), fit.argmax(axis=1)
    expected = np.where(largest >= 1, owner, np.where(largest < 0.8, BACKGROUND, IGNORED))
    assert match[others].tolist() == expected[others].tolist()


def test_a_box_that_no_anchor_fits_well_has_several_all_the_same():
    bar = np.array([[27, 27, 35, 43]], np.float32)
    overlap = np.array(ops.convert_to_numpy(box_ops.iou(GRID.boxes, bar)))[:, 0]
    assert overlap.max() < 0.5
    learning = np.flatnonzero(GRID.match(bar) == 0)
    assert len(learning) > 1
    assert overlap[learning].min() >= 0.85 * overlap.max()


def test_a_box_smaller_than_all_anchors_is_learnt_by_one_at_its_place():
    dot = np.array([[17, 33, 19, 35]], np.float32)
    match = GRID.match(dot)
    (anchor,) = np.flatnonzero(match == 0)
    ymin, xmin, ymax, xmax = GRID.boxes[anchor]
    assert max(ymin - 17, xmin - 33, 19 - ymax, 35 - xmax) <= 0


def test_without_boxes_all_is_background():
    assert (GRID.match(np.zeros((0, 4), np.float32)) == BACKGROUND).all()
