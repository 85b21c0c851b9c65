import dataclasses

import numpy as np

from pipeline.synthesis.hands.writers import draw_writer
from pipeline.synthesis.repertoire import MEDIANS, Hand, Repertoire

LINE = (((100, 500), (900, 500)),)
HANDS = {
    MEDIANS: Hand(0.0, {"一": LINE, "丶": LINE}),
    "regular": Hand(0.0, {"一": LINE}),
    "cursive": Hand(1.0, {"一": LINE, "x": LINE}),
}


def chosen(char, leaning=0.5, writers=range(1001, 1401)):
    """The leaning of the hand that each writer takes."""
    repertoire, found = Repertoire(HANDS), []
    for number in writers:
        writer = dataclasses.replace(draw_writer(1, number), leaning=leaning)
        liking = repertoire.liking(writer, (1, number))
        found.append(repertoire.choose(char, liking, (1, number, ord(char)))[1])
    return found


def test_a_writer_takes_the_same_hand_each_time():
    assert chosen("一") == chosen("一")


def test_only_a_hand_that_has_the_character_is_taken():
    assert set(chosen("丶")) == {0.0}
    assert set(chosen("x")) == {1.0}


def test_writers_take_hands_by_their_leaning():
    assert np.mean(chosen("一", leaning=0.0)) < 0.02
    assert 0.2 < np.mean(chosen("一", leaning=1.0)) < 0.8  # the copybook is known to all


def test_writers_differ():
    likings = [Repertoire(HANDS).liking(draw_writer(1, number), (1, number)) for number in (1001, 1002)]
    assert likings[0] != likings[1]
