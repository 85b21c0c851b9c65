import random

import numpy as np
import pytest

from pipeline.formats.symbols import CROHME_SYMBOLS
from pipeline.synthesis.formulas.glyphs import WORDS, choose, forms, labels


def test_every_symbol_of_crohme_can_be_written():
    assert sorted(labels()) == sorted(CROHME_SYMBOLS)


@pytest.mark.parametrize("label", [label for label in labels() if label not in (*WORDS, "\\sqrt")])
def test_forms_are_lines_of_sensible_size_that_start_at_the_left(label):
    for glyph in forms(label):
        assert glyph.weight > 0
        assert all(len(line) >= 2 and np.isfinite(line).all() for line in glyph.strokes)
        assert min(line[:, 0].min() for line in glyph.strokes) == 0
        assert 0 <= glyph.width < 9
        assert -5 < glyph.bottom <= glyph.top < 12.5


def test_how_many_strokes_a_symbol_has():
    assert {len(glyph.strokes) for glyph in forms("=")} == {2}
    assert {len(glyph.strokes) for glyph in forms("\\div")} == {3}
    assert {len(glyph.strokes) for glyph in forms("1")} == {1, 2}
    assert {len(glyph.strokes) for glyph in forms("\\ldots")} == {3}


def test_a_corner_stays_sharp_and_a_curve_is_smooth():
    (bracket,) = forms("]")
    assert bracket.strokes[0].tolist() == [[0, 11], [2.6, 11], [2.6, -2], [0, -2]]
    (circle, *_) = forms("o")[0].strokes
    steps = np.diff(circle, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert turns.max() < 0.8  # radians


def test_forms_are_chosen_as_often_as_their_weights_say():
    rng = random.Random(1)
    drawn = [choose("7", rng.random) for _ in range(2000)]
    shares = [drawn.count(glyph) / 2000 for glyph in forms("7")]
    weights = [glyph.weight for glyph in forms("7")]
    assert shares == pytest.approx([weight / sum(weights) for weight in weights], abs=0.04)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_its_letters_from_left_to_right(word):
    glyph = choose(word, lambda: 0.0)
    letters = [forms(letter)[0] for letter in word[1:]]
    assert len(glyph.strokes) == sum(len(letter.strokes) for letter in letters)
    assert glyph.width == pytest.approx(sum(letter.width for letter in letters) + 0.9 * (len(letters) - 1))
    assert choose(word, lambda: 0.0) is glyph
