"""Box arithmetic against worked examples and a plain greedy suppression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from pipeline.detector import boxes as box_ops

UNIT = np.array([[0, 0, 10, 10]], np.float32)


def as_array(tensor):
    return np.array(ops.convert_to_numpy(tensor))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([0, 0, 10, 10], 1.0),
        ([0, 5, 10, 15], 50 / 150),
        ([10, 10, 20, 20], 0.0),  # ends are exclusive: touching boxes share nothing
        ([2, 2, 4, 4], 4 / 100),
        ([5, 5, 5, 9], 0.0),  # no area
    ],
)
def test_iou(other, expected):
    assert as_array(box_ops.iou(UNIT, np.array([other], np.float32)))[0, 0] == pytest.approx(expected)


def test_encoding_is_the_offset_in_sides_tenfold_and_the_log_ratio_fivefold():
    deltas = as_array(box_ops.encode(np.array([[2.0, 0.0, 12.0, 20.0]]), UNIT.astype(np.float64)))
    assert deltas[0] == pytest.approx([2.0, 5.0, 0.0, 5 * np.log(2)])


sides = st.floats(4, 200, width=32)  # ratios stay below the bound of `decode`
corners = st.floats(-16, 200, width=32)
some_box = st.tuples(corners, corners, sides, sides).map(lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]])


@given(box=some_box, anchor=some_box)
@settings(deadline=None, max_examples=50)
def test_decoding_inverts_encoding(box, anchor):
    box, anchor = np.array([box]), np.array([anchor])  # in double precision
    back = as_array(box_ops.decode(box_ops.encode(box, anchor), anchor))
    np.testing.assert_allclose(back, box, rtol=1e-3, atol=0.02)


def test_decoding_bounds_the_size_of_absurd_deltas():
    box = as_array(box_ops.decode(np.array([[0.0, 0.0, 1e6, 1e6]], np.float32), UNIT))
    assert np.isfinite(box).all()
    assert box[0, 3] - box[0, 1] == pytest.approx(10 * 1000 / 16, rel=1e-4)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 0, 10, 10], [0, 0, 10, 10]),  # wide enough
        ([20, 4, 22, 40], [17, 4, 25, 40]),  # a bar
        ([5, 5, 5, 5], [1, 1, 9, 9]),
    ],
)
def test_thin_boxes_grow_about_their_centres(box, expected):
    boxes = np.array([[box]], np.float32)
    assert as_array(box_ops.widen(boxes, 8.0))[0, 0].tolist() == expected
    assert box_ops.widen(boxes, 8.0, np)[0, 0].tolist() == expected


def greedy(boxes, threshold):
    stands = []
    for i in range(len(boxes)):
        overlaps = as_array(box_ops.iou(boxes[i : i + 1], boxes[stands]))[0] if stands else np.zeros(0)
        if (overlaps <= threshold).all():
            stands.append(i)
    return [float(i in stands) for i in range(len(boxes))]


@pytest.mark.parametrize("seed", range(8))
def test_suppression_is_greedy_suppression(seed):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 60, (60, 2))
    boxes = np.concatenate([low, low + rng.uniform(8, 30, (60, 2))], axis=1).astype(np.float32)
    assert as_array(box_ops.suppress(boxes, 0.5)).tolist() == greedy(boxes, 0.5)


def test_a_box_whose_rival_has_fallen_stands():
    # Each overlaps the one before by two thirds, and no other: the second falls, so the third stands.
    boxes = np.array([[0, x, 10, x + 10] for x in (0, 2, 4)], np.float32)
    assert as_array(box_ops.suppress(boxes, 0.55)).tolist() == [1, 0, 1]


def test_rows_are_taken_from_their_own_image():
    table = np.arange(12).reshape(2, 3, 2)
    taken = as_array(box_ops.rows(ops.convert_to_tensor(table), np.array([[2, 0], [1, 1]], np.int32)))
    assert taken.tolist() == [[[4, 5], [0, 1]], [[8, 9], [8, 9]]]
