"""Batches: what is drawn is where the boxes say, and depends on nothing but seed, epoch and step."""

import itertools
import math

import numpy as np
import pytest

from pipeline.detector.anchors import BACKGROUND, IGNORED
from pipeline.detector.dataset import (
    ANCHOR_SAMPLES,
    MOST_BOXES,
    Canvases,
    FormulaPart,
    Targets,
    _sample_anchors,
    evaluation_batches,
    evaluation_steps,
)
from pipeline.detector.training import choose_config
from pipeline.errors import InkError
from pipeline.formats.formula import Formula, write_formulas
from pipeline.formats.png import encode_png
from tests.detector.conftest import CLASSES, HEIGHT, WIDTH


@pytest.fixture(scope="module")
def formulas(math_splits):
    return FormulaPart(math_splits, "train")


@pytest.fixture(scope="module")
def grid(math_params, formulas):
    return choose_config(math_params, formulas, 3).grid


def canvases(math_params, formulas, grid, **augment):
    recipe = math_params.train
    recipe = recipe.model_copy(update={"augment": recipe.augment.model_copy(update=augment)})
    return Canvases(formulas, recipe, grid, PEN)


PEN = 2.0
SLACK = 0.1  # pixels: bilinear weights below a hundredth are rounded away
UNDISTORTED = {"scale": 0.0, "aspect": 0.0, "slant": 0.0, "rotate": 0.0, "thickness": 0.0, "noise": 0.0}


def test_a_part_that_is_missing_says_which_stage_makes_it(math_splits):
    with pytest.raises(InkError, match=r"expected test-\*.parquet, found none; run `dvc repro math-split`"):
        FormulaPart(math_splits, "test")


def test_an_epoch_shows_every_symbol(math_params, formulas, grid):
    data = canvases(math_params, formulas, grid)
    plan = data._plan(0)[1]
    assert sorted(place.item for places in plan for place in places) == list(range(len(formulas)))
    assert data.steps == len(plan) // 2


def test_boxes_lie_tight_around_the_ink_of_packed_canvases(math_params, formulas, grid):
    images, targets = next(canvases(math_params, formulas, grid, **UNDISTORTED).batches())
    assert images.shape == (2, HEIGHT, WIDTH, 1)
    for image, boxes, labels in zip(images[..., 0], targets["boxes"], targets["labels"], strict=True):
        left = image.copy()
        for ymin, xmin, ymax, xmax in boxes[labels >= 0].astype(int):
            symbol = image[ymin:ymax, xmin:xmax]
            assert symbol[0].max() == symbol[-1].max() == symbol[:, 0].max() == symbol[:, -1].max() == 255
            left[ymin:ymax, xmin:xmax] = 0
        assert left.max() == 0


def test_boxes_follow_their_ink_through_distortion(math_params, formulas, grid):
    data = canvases(math_params, formulas, grid, thickness=0.0, noise=0.0, slant=0.0, rotate=0.0)
    for images, targets in itertools.islice(data.batches(), 4):
        for image, boxes in zip(images[..., 0], targets["boxes"], strict=True):
            for ymin, xmin, ymax, xmax in boxes[boxes[:, 2] > 0]:
                rows = slice(math.floor(ymin + SLACK), math.ceil(ymax - SLACK))
                columns = slice(math.floor(xmin + SLACK), math.ceil(xmax - SLACK))
                inside = image[rows, columns]
                assert inside.max(axis=1).min() > 0  # ink in each row and column: no wider than the ink
                assert inside.max(axis=0).min() > 0
                assert image[rows, columns.start - 1].max() < 255  # and no narrower
                assert image[rows.start - 1, columns].max() < 255


INK = [  # two formulas: symbols, strokes, and which strokes each symbol has
    ("+-", [[20, 10, 20, 30], [10, 20, 30, 20], [50, 20, 80, 20]], [[0, 1], [2]]),
    ("x+", [[10, 10, 30, 30], [30, 10, 10, 30], [60, 40, 60, 12], [46, 26, 74, 26]], [[0, 1], [2, 3]]),
]


def write_ink(directory, formulas=INK):
    """A training part of ink."""
    (directory / "parquet").mkdir()
    rows = []
    for index, (symbols, strokes, members) in enumerate(formulas):
        points = [np.concatenate([np.reshape(strokes[i], (-1, 2)) for i in own]) for own in members]
        boxes = [[*(at.min(axis=0)[::-1] - PEN / 2), *(at.max(axis=0)[::-1] + PEN / 2)] for at in points]
        rows.append(
            Formula(
                key=f"ink/{index}",
                writer="",
                source="ink",
                truth="",
                height=HEIGHT,
                width=WIDTH,
                image=encode_png(np.zeros((HEIGHT, WIDTH), np.uint8)),
                boxes=np.array(boxes, np.float32),
                labels=np.array([CLASSES.index(symbol) for symbol in symbols]),
                symbols=list(symbols),
                strokes=[np.array(stroke, np.float32) for stroke in strokes],
                symbol_strokes=members,
            )
        )
    write_formulas(directory / "parquet" / "train-00000-of-00001.parquet", rows, CLASSES)
    return FormulaPart(directory, "train")


def test_ink_is_drawn_from_its_strokes_not_from_its_picture(math_params, grid, tmp_path):
    data = canvases(math_params, write_ink(tmp_path), grid)
    patches, _ = data._plan(0)
    for patch, (_, strokes, members) in zip(patches, INK, strict=True):
        assert len(patch.strokes) == len(strokes)
        assert len(patch.boxes) == len(members)
        assert patch.draw().max() == 255


def test_symbols_are_exchanged_within_their_class(math_params, grid, tmp_path):
    still = dict.fromkeys(type(math_params.train.augment).model_fields, 0.0)
    data = canvases(math_params, write_ink(tmp_path), grid, **still | {"swap": 1.0})
    ways = set()
    for epoch in range(8):
        (first, _), _ = data._plan(epoch)
        upright, level, minus = first.strokes
        assert np.ptp(level, axis=0).tolist() == pytest.approx([20, 0])  # stretched to the place it takes
        assert np.ptp(minus, axis=0).tolist() == pytest.approx([30, 0])
        ways.add(tuple(np.round(upright[:, 1] - level[0, 1]).astype(int).tolist()))
    assert ways == {(-10, 10), (10, -10)}  # drawn downwards in the first formula, upwards in the second


def test_formulas_with_more_symbols_than_a_canvas_holds_are_told_of(math_params, grid, tmp_path, caplog):
    many = MOST_BOXES + 1
    crowded = ("-" * many, [[1, 1 + i / 2, 9, 1 + i / 2] for i in range(many)], [[i] for i in range(many)])
    data = canvases(math_params, write_ink(tmp_path, [*INK, crowded]), grid)
    assert "1 formulas have more than 96 symbols" in caplog.text
    targets = Targets(grid, np.random.default_rng(0), background=False)
    patches, _ = data._plan(0)
    targets.add(patches[2].boxes, patches[2].labels)
    assert targets.batch()["labels"][0].tolist() == [CLASSES.index("-")] * MOST_BOXES


def test_ink_whose_symbols_share_a_stroke_is_left_as_it_is(tmp_path):
    shared = ("-x", [[10, 20, 30, 20], [30, 20, 10, 40]], [[0], [0, 1]])
    assert write_ink(tmp_path, [shared]).symbols == [[]]


def test_a_box_with_few_anchors_has_its_turn_beside_one_with_many():
    match = np.full(10_000, BACKGROUND, np.int32)
    match[:2000] = 0
    match[[2500, 3000, 3500]] = 1
    _, chosen = _sample_anchors(match, np.random.default_rng(0))
    assert np.sum(chosen == 1) == 3
    assert np.sum(chosen == 0) == ANCHOR_SAMPLES // 2 - 3
    assert np.sum(chosen == BACKGROUND) == ANCHOR_SAMPLES // 2


def test_targets_name_what_each_sampled_anchor_learns(grid):
    targets = Targets(grid, np.random.default_rng(0), background=True)
    boxes = np.array([[10, 10, 26, 26], [30, 60, 34, 80]], np.float32)
    targets.add(boxes, np.array([0, 1]))
    batch = targets.batch()
    index, match = batch["anchor_index"][0], batch["anchor_match"][0]
    assert index.shape == match.shape == (ANCHOR_SAMPLES,)
    assert {0, 1, BACKGROUND} <= set(match.tolist())
    wide = np.array([[10, 10, 26, 26], [26, 60, 38, 80]], np.float32)
    everything = grid.match(wide)
    used = match != IGNORED
    assert match[used].tolist() == everything[index[used]].tolist()
    assert batch["anchor_background"][0].sum() == np.sum(everything == BACKGROUND)
    assert batch["boxes"][0, :2].tolist() == boxes.tolist()
    assert batch["wide"][0, :2].tolist() == wide.tolist()
    assert batch["labels"][0].tolist() == [0, 1] + [-1] * (MOST_BOXES - 2)
    assert batch["near"][0, :2].min() >= 0
    assert (batch["near"][0, 2:] == 0).all()


def test_batches_depend_on_seed_epoch_and_step_alone(math_params, formulas, grid):
    data = canvases(math_params, formulas, grid)
    first = list(itertools.islice(data.batches(), 2 * data.steps))
    resumed = list(itertools.islice(data.batches(first_epoch=1), data.steps))
    for (images, targets), (again, targets_again) in zip(first[data.steps :], resumed, strict=True):
        np.testing.assert_array_equal(images, again)
        for name, values in targets.items():
            np.testing.assert_array_equal(values, targets_again[name])
    assert any(not np.array_equal(a[0], b[0]) for a, b in zip(first[: data.steps], resumed, strict=True))


def test_evaluation_shows_each_stored_canvas_once(math_splits, grid):
    validation = FormulaPart(math_splits, "validation")
    batches = list(evaluation_batches(validation, grid, 4))
    assert [len(images) for images, _ in batches] == [4, 2]
    assert evaluation_steps(validation, 4) == 2
    np.testing.assert_array_equal(batches[1][0][1, ..., 0], validation.image(5))


def test_too_few_formulas_for_a_batch(math_params, formulas, grid):
    recipe = math_params.train.model_copy(update={"batch_size": 64})
    with pytest.raises(InkError, match=r"fewer than math.train.batch_size = 64"):
        _ = Canvases(formulas, recipe, grid, PEN).steps
