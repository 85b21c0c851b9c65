"""The page assigns strokes to boxes as `pipeline.scoring.strokes` does."""

import numpy as np
import pytest

from pipeline.edge.detections import Detections
from pipeline.edge.segments import places, segment
from tests.app.node import SIDES, as_sides, flat

STROKES = BOXES = 8


def drawn(seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Strokes, and boxes around some of them: ymin, xmin, ymax, xmax."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 12, STROKES)
    strokes = [rng.uniform(0, 90, 2) + np.cumsum(rng.normal(0, 3, (size, 2)), axis=0) for size in sizes]
    choices = [rng.choice(STROKES, rng.integers(1, 4), replace=False) for _ in range(BOXES)]
    groups = [np.concatenate([strokes[index] for index in choice]) for choice in choices]
    low = np.array([group.min(axis=0) for group in groups]) - 1 + rng.normal(0, 0.5, (BOXES, 2))
    high = np.array([group.max(axis=0) for group in groups]) + 1 + rng.normal(0, 0.5, (BOXES, 2))
    return strokes, np.concatenate([low[:, ::-1], high[:, ::-1]], axis=1)


@pytest.mark.parametrize("seed", range(60))
def test_strokes_go_to_the_same_boxes(ports, seed):
    strokes, boxes = drawn(seed)
    theirs = segment(strokes, Detections(boxes, np.arange(BOXES), np.linspace(1, 0.5, BOXES)), 0.1)
    owners = ports.call("findOwners", flat(strokes), as_sides(boxes))
    ours = {box: frozenset(np.flatnonzero(np.array(owners) == box).tolist()) for box in owners if box >= 0}
    assert ours == {one.label: one.strokes for one in theirs}


@pytest.mark.parametrize("seed", range(60))
def test_names_of_one_place_add_up_alike(ports, seed):
    rng = np.random.default_rng(seed)
    _, boxes = drawn(seed)
    moved = boxes + rng.normal(0, 1.5, boxes.shape)
    named = np.concatenate([boxes, boxes, moved])  # two labels per box, and boxes next to it
    # Eighths, so that sums are exact, and often equal.
    scores, labels = rng.integers(1, 9, len(named)) / 8, rng.integers(0, 4, len(named))
    theirs = places(Detections(named, labels, scores))
    detections = [
        {**sides, "score": float(score), "label": int(label)}
        for sides, score, label in zip(as_sides(named), scores, labels, strict=True)
    ]
    ours = ports.call("places", detections)
    np.testing.assert_array_equal([[one[side] for side in SIDES] for one in ours], theirs.boxes)
    assert [(one["label"], one["score"]) for one in ours] == list(
        zip(theirs.labels.tolist(), theirs.scores.tolist(), strict=True)
    )
