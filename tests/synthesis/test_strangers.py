import numpy as np

from pipeline.synthesis import strangers
from pipeline.synthesis.strangers import draw_strangers, make_up, scribble

LEFT = (((100, 100), (100, 900)), ((60, 300), (250, 280)), ((60, 600), (250, 500)))
RIGHT = (((500, 100), (900, 100)), ((700, 100), (700, 900)), ((500, 880), (930, 870)))
BOX = (((500, 200), (500, 800)), ((500, 200), (900, 200), (900, 800)), ((500, 790), (900, 790)))
WAVE = (((60, 200), (250, 300)), ((60, 450), (250, 550)), ((60, 800), (250, 700)))
MEDIANS = {"a": LEFT + RIGHT, "b": WAVE + BOX}


def test_the_same_seed_draws_the_same_strangers():
    one, other = (np.stack(list(draw_strangers(MEDIANS, {"a"}, 12, 0.5, seed=3))) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert (one.shape, one.dtype) == ((12, 56, 56), np.uint8)


def test_made_up_characters_have_components_of_two_and_are_no_known_one(monkeypatch):
    monkeypatch.setattr(strangers, "CLEAR", 0)  # among two characters, none is clearly nearer
    monkeypatch.setattr(strangers, "APART", 1000)
    made = make_up(MEDIANS, 4, np.random.default_rng(1))
    assert len(made) == 4
    for strokes in made:
        assert len(strokes) == 6
        assert strokes not in (MEDIANS["a"], MEDIANS["b"])
        assert strokes[:3] in (LEFT, WAVE)


def test_a_combination_near_a_known_character_is_not_used(monkeypatch):
    monkeypatch.setattr(strangers, "APART", 1e9)
    assert make_up(MEDIANS, 4, np.random.default_rng(1)) == []


def test_too_few_components_make_up_none():
    assert make_up({"一": (((100, 500), (900, 500)),)}, 5, np.random.default_rng(1)) == []


def test_scribbles_stay_in_the_em_square():
    rng = np.random.default_rng(1)
    points = np.concatenate([stroke for _ in range(50) for stroke in scribble(rng)])
    assert points.min() >= 0
    assert points.max() <= 1024
