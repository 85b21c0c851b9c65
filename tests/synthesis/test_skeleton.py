import numpy as np
import pytest

from pipeline.synthesis.hands.medians import EM
from pipeline.synthesis.hands.skeleton import SPACING, build_skeleton


def test_points_stand_at_equal_distances_along_each_stroke(strokes):
    skeleton = build_skeleton(strokes["十"])
    for first, last in zip(skeleton.first, skeleton.last, strict=True):
        steps = np.linalg.norm(np.diff(skeleton.points[first : last + 1], axis=0), axis=1)
        assert steps.max() / steps.min() < 1.01
        assert steps.mean() == pytest.approx(SPACING / EM, rel=0.05)


def test_strokes_keep_their_ends_and_their_order(strokes):
    skeleton = build_skeleton(strokes["司"])
    starts = (skeleton.points[skeleton.first] + 0.5) * EM
    assert np.allclose(starts, [stroke[0] for stroke in strokes["司"]])
    assert skeleton.stroke[skeleton.first].tolist() == [0, 1, 2, 3, 4]
    assert skeleton.along[skeleton.first].tolist() == [0] * 5
    assert skeleton.along[skeleton.last].tolist() == [1] * 5


def test_a_dot_has_points_enough_to_bend(strokes):
    skeleton = build_skeleton(strokes["丶"])
    assert len(skeleton.points) >= 5


def test_a_stroke_of_one_point_is_a_dot():
    skeleton = build_skeleton((((300, 400),),))
    assert np.isfinite(skeleton.points).all()


def test_only_a_sharp_short_turn_at_the_end_is_a_hook(strokes):
    skeleton = build_skeleton(strokes["司"])
    hooked = skeleton.hook < skeleton.last
    assert hooked.tolist() == [True, False, False, False, False]
    assert skeleton.hook_falls.tolist() == [True, False, False, False, False]


def test_components_that_stand_apart_are_told_apart():
    left = (((100, 200), (100, 800)), ((200, 200), (200, 800)))
    right = (((700, 200), (700, 800)), ((800, 200), (800, 800)))
    parts = build_skeleton(left + right).parts
    assert parts[0].tolist() == [0, 0, 1, 1]


def test_what_hangs_under_a_roof_is_a_component_of_its_own():
    roof = (((500, 50), (540, 120)), ((150, 180), (120, 330)), ((160, 200), (880, 190), (820, 310)))
    cross = (((250, 600), (780, 580)), ((500, 300), (510, 980)))
    assert build_skeleton(roof + cross).parts[0].tolist() == [0, 0, 0, 1, 1]


def test_a_cross_is_one_component(strokes):
    assert build_skeleton(strokes["十"]).parts.max(axis=1).tolist() == [0, 0, 0]
