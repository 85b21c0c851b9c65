import numpy as np

from pipeline.synthesis.tracing.likeness import SCALE, features, ranks

TEN = [[(100, 500), (900, 500)], [(500, 100), (500, 900)]]
MOUTH = [[(200, 200), (200, 800)], [(200, 200), (800, 200), (800, 800)], [(200, 800), (800, 800)]]
TWO = [[(200, 300), (800, 300)], [(100, 800), (900, 800)]]


def test_features_are_whole_numbers():
    found = features(MOUTH)
    np.testing.assert_array_equal(found, np.round(found))
    assert found.min() >= 0
    np.testing.assert_allclose(np.sqrt((found**2).sum()), SCALE, rtol=0.01)


def test_order_number_and_sense_of_strokes_do_not_count():
    in_one = [[(800, 800), (800, 200), (200, 200)], [(200, 200), (200, 800), (800, 800)]]
    np.testing.assert_allclose(features(MOUTH), features(in_one), atol=2)
    np.testing.assert_array_equal(features(TEN), features([stroke[::-1] for stroke in TEN[::-1]]))


def test_place_and_size_do_not_count():
    moved = [[(x / 2 + 70, y / 2 - 30) for x, y in stroke] for stroke in MOUTH]
    np.testing.assert_allclose(features(MOUTH), features(moved), atol=40)


def test_a_character_resembles_itself_most():
    known = np.stack([features(strokes) for strokes in (TEN, MOUTH, TWO)])
    assert ranks(known, np.arange(3), known).tolist() == [0, 0, 0]
    assert ranks(known[:1], np.array([1]), known).tolist() >= [1]
