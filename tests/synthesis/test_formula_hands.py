import numpy as np
import pytest

from pipeline.synthesis.formulas.expressions import Symbol
from pipeline.synthesis.formulas.face_chars import CHARS
from pipeline.synthesis.formulas.glyphs import forms
from pipeline.synthesis.formulas.hands import NO_HANDS, SHARE, load_hands
from pipeline.synthesis.formulas.handwriting import draw_formula_writer, write_formula
from pipeline.synthesis.hands.medians import encode_line

GLYPHS = {
    "p": (((500, 400), (500, 900)), ((500, 400), (700, 500), (500, 600))),
    "=": (((300, 480), (700, 480)), ((300, 520), (700, 520))),
    "<": (((600, 400), (400, 500), (600, 600)),),
    ",": (((500, 500),),),
    "Q": (((400, 400), (600, 600)),),  # not a symbol of formulas
}


@pytest.fixture
def hands(tmp_path):
    for name, chars in (("one", "p=<,Q"), ("two", "p")):
        (tmp_path / name).mkdir()
        lines = "".join(encode_line(char, GLYPHS[char]) for char in chars)
        (tmp_path / name / "strokes.jsonl").write_text(lines, encoding="utf-8")
    return load_hands(tmp_path)


def test_a_traced_glyph_takes_height_and_place_of_the_projects_own_form(hands):
    one, two = hands.faces
    assert set(one) == {"p", "=", "\\lt", ","}
    assert set(two) == {"p"}
    own = forms("p")[0]
    assert (one["p"].top, one["p"].bottom) == pytest.approx((own.top, own.bottom))
    assert one["p"].width == pytest.approx(200 / 500 * (own.top - own.bottom))
    # The stem comes first and goes down.
    assert one["p"].strokes[0][:, 1].tolist() == pytest.approx([own.top, own.bottom])


def test_a_flat_glyph_takes_the_width(hands):
    own, glyph = forms("=")[0], hands.faces[0]["="]
    assert glyph.width == pytest.approx(own.width)
    assert glyph.top + glyph.bottom == pytest.approx(own.top + own.bottom)


def test_faces_share_what_the_own_forms_leave_them(hands):
    writer_forms = hands.forms_of(np.random.default_rng(1))
    own, known = forms("p"), writer_forms("p")
    assert known[: len(own)] == own
    assert len(known) == len(own) + 2
    weights = [glyph.weight for glyph in known]
    assert sum(weights[len(own) :]) / sum(weights) == pytest.approx(SHARE)
    assert writer_forms("p") is known
    assert writer_forms("x") == forms("x")


def test_writers_like_different_faces(hands):
    shares = []
    for seed in range(50):
        one, two = hands.forms_of(np.random.default_rng(seed))("p")[-2:]
        shares.append(one.weight / (one.weight + two.weight))
    assert min(shares) < 0.1
    assert max(shares) > 0.9


def test_a_writer_without_faces_is_the_same_as_before(tmp_path):
    assert load_hands(tmp_path) == NO_HANDS
    assert NO_HANDS.forms_of(np.random.default_rng(1)) is forms


def test_a_writer_writes_like_a_face(hands):
    drawn = [write_formula(Symbol("\\lt"), draw_formula_writer(1, n, 0.5, hands), 1) for n in range(40)]
    plain = [write_formula(Symbol("\\lt"), draw_formula_writer(1, n, 0.5), 1) for n in range(40)]
    differ = sum(not np.array_equal(a.traces[0], b.traces[0]) for a, b in zip(drawn, plain, strict=True))
    assert 0.4 < differ / 40 < 0.8


def test_all_chars_asked_of_faces_are_symbols():
    assert len(set(CHARS)) == len(CHARS) == 68
