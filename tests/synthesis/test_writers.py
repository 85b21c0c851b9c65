import dataclasses

import numpy as np

from pipeline.synthesis.hands.writers import draw_writer

WRITERS = [draw_writer(1, number) for number in range(1001, 1201)]


def test_a_writer_is_named_by_the_seed_and_the_number():
    assert draw_writer(1, 1001) == draw_writer(1, 1001)
    assert draw_writer(1, 1001) != draw_writer(2, 1001)
    assert draw_writer(1, 1001) != draw_writer(1, 1002)


def test_habits_are_finite_and_a_pen_draws():
    for writer in WRITERS:
        assert np.isfinite(list(dataclasses.asdict(writer).values())).all()
        assert writer.pen >= 1
        assert 40 <= writer.size <= 140
        assert 0 < writer.edge < writer.ink <= 255
        assert writer.blur % 2 == 1


def test_looseness_scales_errors_but_not_the_pen():
    tidy, loose = draw_writer(1, 1001, 0.3), draw_writer(1, 1001, 1.0)
    for habit in ("shift", "stretch", "turn", "bow", "drift", "part_scale", "part_shift", "bend", "join", "smooth"):
        assert getattr(tidy, habit) < getattr(loose, habit)
    for habit in ("pen", "ink", "size", "slant", "aspect"):
        assert getattr(tidy, habit) == getattr(loose, habit)


def test_characters_are_as_narrow_as_asked_for():
    narrow = [draw_writer(1, number, narrow=0.4) for number in range(1001, 1201)]
    ratio = np.log([writer.aspect for writer in narrow]) - np.log([writer.aspect for writer in WRITERS])
    np.testing.assert_allclose(ratio, 0.16 - 0.4)
    assert [writer.pen for writer in narrow] == [writer.pen for writer in WRITERS]


def test_writers_differ_as_people_do():
    assert np.std([writer.slant for writer in WRITERS]) > 0.05
    assert np.std([writer.aspect for writer in WRITERS]) > 0.05
    assert np.std([writer.size for writer in WRITERS]) > 8
    assert np.std([writer.pen for writer in WRITERS]) > 0.5


def test_most_writers_lift_the_pen_more_often_than_not():
    assert np.mean([writer.join > 0.5 for writer in WRITERS]) < 0.4
