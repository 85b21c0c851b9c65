"""Pictures of any size, light and polarity are prepared like the training data."""

import math

import cv2
import numpy as np
import pytest

from pipeline.edge import metadata
from pipeline.edge.detections import read_detections
from pipeline.edge.litert import Runner
from pipeline.edge.segments import places
from pipeline.errors import InkError
from pipeline.ink.develop import place_photo
from pipeline.ink.normalise import normalise
from pipeline.ink.page import find_blocks
from pipeline.recognize.reader import (
    CharacterReader,
    FormulaReader,
    FoundSymbol,
    block_order,
    load_reader,
    normalise_picture,
)
from tests.edge.tiny_detector import HEIGHT, WIDTH, tiny_detector
from tests.ink.test_ground import bar
from tests.tiny_models import BARS, BOXES, CHARACTERS, FRAME, SURE, UNSURE, bars, scan


@pytest.fixture(scope="module")
def characters(character_model):
    return CharacterReader(character_model, top=4)


def photographed(picture: np.ndarray, paper: int = 200, ink: int = 70, light: int = 40) -> np.ndarray:
    """A scan as in a photo: on more paper, in uneven light, with noise."""
    padded = np.pad(picture, 25, constant_values=255)
    wide = cv2.resize(padded, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) / 255
    shade = np.linspace(-light, light, wide.shape[1]) + np.linspace(-light, light, wide.shape[0])[:, None] / 2
    noise = np.random.default_rng(2).normal(0, 3, wide.shape)
    return np.clip(ink + (paper - ink) * wide + shade * wide + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("char", CHARACTERS)
@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: 255 - picture,
        photographed,
        lambda picture: photographed(picture, paper=60, ink=200),
        lambda picture: photographed(picture, paper=250),
        lambda picture: cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA),
        lambda picture: np.kron(picture, np.ones((50, 50), np.uint8)),
        lambda picture: np.pad(picture, ((0, 0), (0, 900)), constant_values=255),
    ],
    ids=["scan", "negative", "photo", "light on dark", "blown out", "tiny", "huge", "in a corner"],
)
def test_characters_are_read(characters, char, change):
    candidates, seen, *_ = characters.read(change(scan(char)))
    assert (seen.dtype, seen.shape) == (np.uint8, (56, 56))
    assert candidates[0].text == char
    shares = [candidate.confidence for candidate in candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert sorted(candidate.text for candidate in candidates) == sorted(CHARACTERS)


@pytest.mark.parametrize("char", CHARACTERS)
def test_a_scan_is_seen_as_decoding_sees_it(character_model, characters, char):
    picture = scan(char) | np.random.default_rng(0).integers(0, 60, (60, 60), np.uint8)  # of the ink alone: 255 stays
    candidates, seen, *_ = characters.read(picture)
    np.testing.assert_array_equal(seen, normalise(picture))
    np.testing.assert_array_equal(normalise_picture(255 - picture), seen)
    (probabilities,) = Runner(character_model)(seen[None])
    assert [share for _, share in candidates] == sorted(probabilities.tolist(), reverse=True)


@pytest.mark.parametrize("pen", [12, 30, 60])
@pytest.mark.parametrize("paper", [255, 230])
def test_a_thick_bar_that_fills_its_picture_is_not_read_in_negative(pen, paper):
    black_on_white = bar(40, 300, pen)
    assert (black_on_white == 0).mean() > 0.4
    picture = np.minimum(black_on_white, paper)
    np.testing.assert_array_equal(normalise_picture(picture), normalise(black_on_white))
    np.testing.assert_array_equal(normalise_picture(255 - picture), normalise(black_on_white))


def test_faint_marks_of_a_photo_are_no_ink():
    picture = np.pad(scan("口"), 30, constant_values=255)
    picture[:, :20] = np.linspace(245, 254, 20).astype(np.uint8)  # a shade at the edge
    expected = normalise(scan("口")) > 127
    assert ((normalise_picture(picture) > 127) != expected).mean() < 0.1
    assert ((normalise(picture) > 127) != expected).mean() > 0.3  # so a scan's rule would take them


def test_top_is_how_many_there_are(character_model):
    assert len(CharacterReader(character_model, top=2).read(scan("一")).candidates) == 2
    assert len(CharacterReader(character_model).read(scan("一")).candidates) == 4


@pytest.mark.parametrize("times", [1, 30])
@pytest.mark.parametrize("light_on_dark", [False, True])
def test_symbols_have_boxes_on_the_picture(formula_model, times, light_on_dark):
    picture = 255 - bars(times) if light_on_dark else bars(times)
    symbols = FormulaReader(formula_model).read(picture).symbols
    assert [(symbol.text, symbol.score) for symbol in symbols] == [("-", SURE), ("|", UNSURE)]
    pixel = 30 / FRAME.symbol * times  # of the canvas: the bars' 30 pixels become 24
    for symbol, box in zip(symbols, BOXES, strict=True):
        np.testing.assert_allclose(symbol.box, np.array(box) * times, atol=1.5 * pixel)


@pytest.mark.parametrize(
    ("options", "texts"), [({"score": 0.7}, ["-"]), ({"score": 0.95}, []), ({"top": 1}, ["-"]), ({"top": 9}, BARS)]
)
def test_the_surest_symbols(formula_model, options, texts):
    assert [symbol.text for symbol in FormulaReader(formula_model, **options).read(bars()).symbols] == texts


def test_symbols_come_in_reading_order_within_the_picture(monkeypatch):
    reader = FormulaReader(metadata.describe(tiny_detector(), ["+", "=", "x"], FRAME._asdict()))
    rows = [((50, 70, 80, 500), 2, 0.9), ((-9, 0, 66, 30), 0, 0.8), ((60, 40, 70, 60), 1, 0.375)]
    rows.append((rows[2][0], 0, 0.25))  # another label for the same place: the scores of both add up
    boxes = np.zeros((1, 100, 4), np.float32)
    boxes[0, : len(rows)] = [box for box, _, _ in rows]
    outputs = {
        "boxes": boxes,
        "classes": np.pad([[label for _, label, _ in rows]], ((0, 0), (0, 96))),
        "scores": np.pad([[score for _, _, score in rows]], ((0, 0), (0, 96))),
        "count": np.array([4]),
    }
    monkeypatch.setattr(Runner, "outputs", lambda self, images: outputs)
    found = reader.read(bars()).symbols
    assert [symbol.text for symbol in found] == ["+", "=", "x"]
    assert all(0 <= top < bottom <= 60 and 0 <= left < right <= 120 for _, _, (top, left, bottom, right) in found)
    _, placement = place_photo(bars(), FRAME._replace(height=HEIGHT, width=WIDTH))
    assert found[1] == FoundSymbol("=", 0.625, pytest.approx(placement.to_photo(boxes[0, 2:3])[0]))


def page(*pictures: np.ndarray) -> np.ndarray:
    """Pictures one below the other."""
    return np.concatenate(pictures)


@pytest.mark.parametrize("times", [1, 30])
def test_formulas_come_from_top_to_bottom_with_boxes_on_the_page(formula_model, times):
    reading = FormulaReader(formula_model).read(page(bars(times), bars(times)))
    assert [[symbol.text for symbol in formula.symbols] for formula in reading.formulas] == [BARS, BARS]
    assert [[node.symbol for node in formula.tree] for formula in reading.formulas] == [[0, 1]] * 2
    pixel = 30 / FRAME.symbol * times
    boxes = np.array([*BOXES, *(np.add(box, (60, 0, 60, 0)) for box in BOXES)]) * times
    np.testing.assert_allclose([symbol.box for symbol in reading.symbols], boxes, atol=1.5 * pixel)


def test_formulas_in_a_row_come_from_left_to_right():
    between = np.full((60, 120), 220, np.uint8)
    lower = np.roll(bars(), 5, axis=0)
    blocks = find_blocks(page(np.hstack([bars(), between, lower]), np.hstack([lower, between, bars()])))
    corners = [tuple((blocks[index].ink.corner // [60, 240]).astype(int).tolist()) for index in block_order(blocks)]
    assert corners == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize(("scores", "symbols"), [((0.9, 0.1), [1]), ((0.1, 0.9), [1]), ((0.1, 0.1), [0])])
def test_formulas_without_symbols_are_left_out_unless_none_has_any(formula_model, monkeypatch, scores, symbols):
    waiting = list(scores)

    def outputs(self, images):
        boxes = np.zeros((1, 1, 4), np.float32) + np.array([20, 20, 40, 40], np.float32)
        score = np.array([[waiting.pop(0)]], np.float32)
        return {"boxes": boxes, "classes": np.array([[0]]), "scores": score, "count": np.array([1])}

    monkeypatch.setattr(Runner, "outputs", outputs)
    formulas = FormulaReader(formula_model).read(page(bars(), bars())).formulas
    assert [len(formula.symbols) for formula in formulas] == symbols


def test_one_upright_formula_is_read_as_from_its_whole_picture(formula_model):
    reader = FormulaReader(formula_model)
    canvas, placement = place_photo(bars(), FRAME)
    found = places(read_detections(Runner(formula_model).outputs(canvas[None]), len(BARS), "picture"))
    symbols = reader.read(bars()).symbols
    np.testing.assert_array_equal(
        [symbol.box for symbol in symbols], placement.to_photo(found.boxes.astype(np.float64))
    )


@pytest.mark.parametrize("degrees", [0, 12, 180])
def test_two_hundred_symbols_tilted_or_upside_down_are_read(formula_model, degrees):
    rows = np.tile(bars(), (10, 10))
    side = 1400
    turn = cv2.getRotationMatrix2D((rows.shape[1] / 2, rows.shape[0] / 2), degrees, 1)
    turn[:, 2] += (side - rows.shape[1]) / 2, (side - rows.shape[0]) / 2
    reading = FormulaReader(formula_model).read(cv2.warpAffine(rows, turn, (side, side), borderValue=220))
    assert 1 <= len(reading.formulas) <= 64
    for symbol in reading.symbols:
        assert 0 <= min(symbol.box) <= max(symbol.box) <= side


@pytest.mark.parametrize("level", [0, 100, 255])
@pytest.mark.parametrize("shape", [(1, 1), (40, 40), (1, 3000)])
def test_blank_pictures_are_named(character_model, formula_model, level, shape):
    for reader in (CharacterReader(character_model), FormulaReader(formula_model)):
        with pytest.raises(InkError, match="a name: expected ink on paper, found none: blank: "):
            reader.read(np.full(shape, level, np.uint8), "a name")


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (1, 5000), (5000, 1), (3, 3), (700, 500)])
def test_any_pixels_are_read_or_blank(character_model, formula_model, shape):
    noise = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    for reader in (CharacterReader(character_model), FormulaReader(formula_model)):
        try:
            reading = reader.read(noise)
        except InkError:
            continue  # as in the test before
        assert len(reading[0]) >= 1


def test_the_reader_is_told_from_the_model(character_model, formula_model):
    assert isinstance(load_reader(character_model, score=0.9), CharacterReader)
    reader = load_reader(formula_model, top=1)
    assert isinstance(reader, FormulaReader)
    assert len(reader.read(bars()).symbols) == 1


@pytest.mark.parametrize(
    "sizes", [{"pen": 2}, {"symbol": 32}, {"pen": 0, "symbol": 32}, {"pen": 2, "symbol": math.nan}]
)
def test_a_detector_that_does_not_say_its_canvas_is_refused(sizes):
    with pytest.raises(
        InkError, match=r"expected positive sizes pen and symbol in the model's metadata, found .*; run"
    ):
        load_reader(metadata.describe(tiny_detector(), ["+"], sizes))
