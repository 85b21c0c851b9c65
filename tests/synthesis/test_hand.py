import dataclasses

import numpy as np
import pytest

from pipeline.synthesis.hands.hand import Draws, write_character
from pipeline.synthesis.hands.skeleton import build_skeleton
from pipeline.synthesis.hands.writers import draw_writer

NO_HABITS = ["tilt", "slant", "bend", "part_shift", "part_scale", "shift", "stretch", "dots", "turn", "bow", "drift"]
NO_HABITS += ["tremor", "join", "flick", "swell", "taper"]
COPYBOOK = dataclasses.replace(draw_writer(1, 1001), **dict.fromkeys(NO_HABITS, 0.0), aspect=1.0, smooth=0.1, hook=1.0)


def write(strokes, seed=(1, 1001, 0), repeat=0, **habits):
    skeleton = build_skeleton(strokes)
    writer = dataclasses.replace(COPYBOOK, **habits)
    return skeleton, write_character(skeleton, writer, Draws(len(strokes), seed, repeat))


def test_a_copybook_writer_keeps_the_shape(strokes):
    skeleton, path = write(strokes["十"])
    start, end = path.points[0], path.points[-1]
    assert np.ptp(path.points, axis=0) == pytest.approx(np.ptp(skeleton.points, axis=0), rel=0.2)
    assert start[0] < -0.3
    assert end[1] > 0.3


def test_the_pen_is_lifted_once_between_two_strokes(strokes):
    _, path = write(strokes["十"])
    assert np.abs(np.diff(path.down.astype(int))).sum() == 2
    assert path.down[0]
    assert path.down[-1]


def test_a_writer_who_joins_everything_never_lifts_the_pen(strokes):
    _, path = write(strokes["司"], join=1.0, reach=1e6)
    assert path.down.all()


def test_moves_on_paper_are_thinner_than_strokes(strokes):
    _, path = write(strokes["十"])
    move = path.width[1:-1][~path.down[:-1] & ~path.down[1:]]  # points with air on both sides
    assert move.max() < path.width[0]


def test_a_dropped_hook_shortens_the_stroke(strokes):
    side = strokes["司"][:1]
    _, kept = write(side, hook=1.2)
    _, dropped = write(side, hook=-2.0)
    assert dropped.points[-1, 0] > kept.points[-1, 0] + 0.03


def test_slant_leans_to_the_right_and_tilt_rises_to_the_right(strokes):
    _, straight = write(strokes["十"])
    _, slanted = write(strokes["十"], slant=0.3)
    _, tilted = write(strokes["十"], tilt=0.3)
    top, right = straight.points[:, 1].argmin(), straight.points[:, 0].argmax()
    assert slanted.points[top, 0] > straight.points[top, 0]
    assert tilted.points[right, 1] < straight.points[right, 1]


def test_haste_cuts_corners(strokes):
    box = strokes["司"][3:4]
    _, sharp = write(box, smooth=0.1)
    _, round_ = write(box, smooth=2.5)
    corner = sharp.points[(sharp.points[:, 0] - sharp.points[:, 1]).argmax()]
    assert np.linalg.norm(round_.points - corner, axis=1).min() > 0.01


def test_a_writer_repeats_a_habit_more_than_chance_would(strokes):
    habits = {"shift": 0.05, "turn": 0.1}
    _, first = write(strokes["司"], (1, 1001, 5), 0, **habits)
    _, again = write(strokes["司"], (1, 1001, 5), 1, **habits)
    others = [write(strokes["司"], (1, 1001 + i, 5), 0, **habits)[1] for i in range(1, 9)]
    ends = [path.points[[0, -1]] for path in (first, again, *others)]
    assert not np.array_equal(ends[0], ends[1])
    assert np.abs(ends[1] - ends[0]).mean() < np.mean([np.abs(other - ends[0]).mean() for other in ends[2:]])
