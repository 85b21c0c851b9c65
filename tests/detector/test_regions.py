"""ROIAlign against values that can be worked out by hand."""

import numpy as np
import pytest
from keras import ops

from pipeline.detector.network import Config
from pipeline.detector.regions import levels_of, pool

STRIDES = (4, 8, 16, 32)


def config(arch="faster_rcnn_fpn", height=64, width=128):
    shapes = (((8.0, 8.0),),) * (4 if arch.endswith("_fpn") else 1)
    return Config(height, width, 3, arch, "mobilenet_v2", 0.35, 2, 1, shapes, 32, 2, 4)


@pytest.mark.parametrize(
    ("box", "level"),
    [
        ([0, 0, 32, 32], 0),
        ([0, 0, 33, 33], 1),
        ([0, 0, 4, 200], 1),  # a fraction bar: the long side counts double
        ([0, 0, 100, 100], 2),
        ([0, 0, 128, 512], 3),
        ([5, 5, 5, 5], 0),
    ],
)
def test_a_box_is_pooled_where_it_covers_about_eight_cells(box, level):
    assert ops.convert_to_numpy(levels_of(np.array(box, np.float32), STRIDES)) == level


def ramps(config):
    """Features of two images: the y and x of each cell's centre in pixels, and in the second image their negatives."""
    levels = []
    for stride in config.strides:
        y, x = np.meshgrid(
            (np.arange(config.height // stride) + 0.5) * stride,
            (np.arange(config.width // stride) + 0.5) * stride,
            indexing="ij",
        )
        levels.append(np.stack([y, x], axis=-1).reshape(-1, 2))
    features = np.concatenate(levels).astype(np.float32)
    return np.stack([features, -features])


@pytest.mark.parametrize(
    ("box", "window"),
    [
        ([10, 20, 30, 48], [10, 20, 30, 48]),
        ([8, 8, 56, 56], [8, 8, 56, 56]),
        ([6, 12, 60, 116], [6, 12, 60, 116]),
        ([30, 10, 34, 110], [24, 10, 40, 110]),  # a bar is seen with what is above and below
    ],
)
def test_each_cell_of_a_window_samples_its_middle(box, window):
    ymin, xmin, ymax, xmax = window
    regions = np.array([[box], [box]], np.float32)
    pooled = np.array(ops.convert_to_numpy(pool(ramps(config()), regions, config())))
    middles = (np.arange(7) + 0.5) / 7
    level = int(ops.convert_to_numpy(levels_of(regions[0, 0], STRIDES)))
    half = STRIDES[level] / 2  # beyond the outermost centres the outermost value holds
    y = np.clip(ymin + (ymax - ymin) * middles, half, 64 - half)
    x = np.clip(xmin + (xmax - xmin) * middles, half, 128 - half)
    expected = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)
    np.testing.assert_allclose(pooled[0], expected, atol=1e-3)
    np.testing.assert_allclose(pooled[1], -expected, atol=1e-3)


def test_a_single_level_serves_all_sizes():
    single = config("faster_rcnn")
    assert single.strides == (16,)
    pooled = np.array(ops.convert_to_numpy(pool(ramps(single), np.array([[[8, 8, 56, 56]]] * 2, np.float32), single)))
    assert pooled[0, 3, 3] == pytest.approx([32, 32])
