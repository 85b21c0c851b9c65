"""Packing: every formula once, nothing over the edge, nothing on top of another."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detector.packing import Place, pack

CANVAS = (64, 128)
patches = st.lists(st.tuples(st.integers(1, 64), st.integers(1, 128), st.integers(1, 20)), min_size=1, max_size=60)


def test_patches_fill_a_shelf_then_the_next():
    sizes = [(30, 60), (30, 60), (34, 100), (34, 28)]
    assert pack(sizes, [1] * 4, range(4), CANVAS, 96) == [
        [Place(0, 0, 0), Place(1, 0, 60), Place(2, 30, 0), Place(3, 30, 100)]
    ]


def test_a_patch_that_finds_no_room_opens_a_canvas():
    assert pack([(64, 128), (10, 10)], [1, 1], [1, 0], CANVAS, 96) == [[Place(1, 0, 0)], [Place(0, 0, 0)]]


def test_a_canvas_holds_no_more_boxes_than_it_may():
    assert pack([(10, 10)] * 3, [60, 60, 30], range(3), CANVAS, 96) == [
        [Place(0, 0, 0), Place(2, 0, 10)],
        [Place(1, 0, 0)],
    ]


def test_a_formula_of_more_boxes_than_that_still_gets_a_canvas():
    assert pack([(10, 10)], [120], [0], CANVAS, 96) == [[Place(0, 0, 0)]]


@given(patches)
def test_nothing_is_lost_cut_or_covered(items):
    sizes = [(height, width) for height, width, _ in items]
    canvases = pack(sizes, [boxes for *_, boxes in items], range(len(items)), CANVAS, 96)
    assert sorted(place.item for places in canvases for place in places) == list(range(len(items)))
    for places in canvases:
        covered = np.zeros(CANVAS, int)
        for item, y, x in ((place.item, place.y, place.x) for place in places):
            height, width = sizes[item]
            assert y + height <= CANVAS[0]
            assert x + width <= CANVAS[1]
            covered[y : y + height, x : x + width] += 1
        assert covered.max() == 1
