import keras
import numpy as np
import pytest

from pipeline.detector.context import LEAST_SIDE, RegionContext, relative_places
from pipeline.detector.network import REGION_FEATURES, Config, build_naming
from tests.detector.conftest import HEIGHT, WIDTH

BOXES = np.array([[[0, 0, 20, 20], [0, 40, 10, 50], [4, 10, 4, 30]]], np.float32)
ALL = np.ones((1, 3), np.float32)


def features(seed=1):
    return np.random.default_rng(seed).normal(size=(1, 3, 8)).astype(np.float32)


@pytest.fixture
def context():
    """A block whose output layers are drawn, not zero."""
    keras.utils.set_random_seed(1)
    block = RegionContext()
    block.build([(None, None, 8), (None, None, 4), (None, None)])
    for layer in (block.gathered, block.output_layer):
        layer.kernel.assign(np.random.default_rng(2).normal(size=layer.kernel.shape))
    return block


def test_places_are_distances_in_units_of_either_size_and_ratios_of_sides():
    places = np.asarray(relative_places(BOXES))
    assert places.shape == (1, 3, 3, 6)
    # From the first (20 x 20 about 10, 10) to the second (10 x 10 about 5, 45): 5 up, 35 to the right.
    log = np.log1p
    half = -np.log(2)
    assert places[0, 0, 1] == pytest.approx(
        [-log(5 / 20), log(35 / 20), -log(5 / 10), log(35 / 10), half, half], rel=1e-5
    )
    assert places[0, 1, 0, :2] == pytest.approx([log(5 / 10), -log(35 / 10)], rel=1e-5)
    assert places[0, 0, 0] == pytest.approx([0] * 6)
    # A region without height counts as LEAST_SIDE high.
    assert places[0, 0, 2, 4] == pytest.approx(np.log(LEAST_SIDE / 20), rel=1e-5)


def test_a_new_block_changes_nothing():
    block = RegionContext()
    np.testing.assert_array_equal(block([features(), BOXES, ALL]), features())


def test_a_region_is_described_by_its_neighbours_too(context):
    before = np.asarray(context([features(), BOXES, ALL]))
    other = features()
    other[0, 1] += 1
    moved = BOXES.copy()
    moved[0, 1, [1, 3]] += 30
    assert np.abs(np.asarray(context([other, BOXES, ALL]))[0, 0] - before[0, 0]).max() > 1e-3
    assert np.abs(np.asarray(context([features(), moved, ALL]))[0, 0] - before[0, 0]).max() > 1e-3


def test_the_order_of_the_regions_does_not_matter(context):
    order = [2, 0, 1]
    shuffled = context([features()[:, order], BOXES[:, order], ALL])
    np.testing.assert_allclose(shuffled, np.asarray(context([features(), BOXES, ALL]))[:, order], atol=1e-5)


def test_padding_is_not_seen(context):
    real = np.array([[1, 1, 0]], np.float32)
    other = features()
    other[0, 2] = 9
    seen = [np.asarray(context([x, BOXES, real]))[0, :2] for x in (features(), other)]
    np.testing.assert_array_equal(*seen)


@pytest.mark.parametrize("blocks", [0, 2])
def test_the_naming_head_has_as_many_blocks_as_asked_for(blocks):
    config = Config(
        HEIGHT, WIDTH, 3, "faster_rcnn_fpn", "mobilenet_v2", 0.35, 16, blocks, (((8.0, 8.0),),) * 4, 32, 2, 4
    )
    naming = build_naming(config)
    assert sum(isinstance(layer, RegionContext) for layer in naming.layers) == blocks
    own = np.zeros((2, 3, REGION_FEATURES), np.float32)
    assert naming([own, np.repeat(BOXES, 2, 0), np.ones((2, 3))])["scores"].shape == (2, 3, 4)
