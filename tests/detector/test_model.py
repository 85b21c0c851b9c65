"""The three detectors: what each has learnt, what it finds, and what it is built from."""

import keras
import numpy as np
import pytest

from pipeline.detector import boxes as box_ops
from pipeline.detector.backbone import STRIDES
from pipeline.detector.dataset import FormulaPart
from pipeline.detector.inference import detect, propose
from pipeline.detector.model import ARCHITECTURES, build_detector, load_detector
from pipeline.detector.network import Config, build_network
from pipeline.detector.training import build_model, choose_config
from pipeline.errors import InkError
from pipeline.learning.saving import save_model
from tests.detector.conftest import CLASSES, HEIGHT, WIDTH

FOUND = 0.9  # of the symbols of the batch
# The others take as long again to learn, and share every part with the first.
LEARNING = [pytest.param(arch, marks=() if arch == "faster_rcnn_fpn" else pytest.mark.slow) for arch in ARCHITECTURES]


def found_symbols(model, images, targets) -> list[bool]:
    """For every true symbol, whether a detection of its class and above one half in score overlaps it by one half."""
    found = {name: keras.ops.convert_to_numpy(value) for name, value in detect(model, images).items()}
    result = []
    for i, labels in enumerate(targets["labels"]):
        sure = found["scores"][i] > 0.5
        for box, label in zip(targets["boxes"][i], labels[labels >= 0], strict=False):
            own = found["boxes"][i][sure & (found["classes"][i] == label)]
            overlap = keras.ops.convert_to_numpy(box_ops.iou(box[None], own)) if len(own) else np.zeros((1, 1))
            result.append(bool(overlap.max() >= 0.5))
    return result


@pytest.mark.parametrize("arch", LEARNING)
def test_it_overfits_one_batch(arch, learnt):
    model, images, targets, losses = learnt(arch)
    assert losses[-1] < 0.3 * losses[0]
    assert np.mean(found_symbols(model, images, targets)) >= FOUND


@pytest.mark.parametrize("arch", LEARNING)
def test_it_comes_back_from_disk_as_it_was(arch, learnt, tmp_path):
    model, images, _, _ = learnt(arch)
    save_model(model, tmp_path / "model.keras")
    restored = load_detector(tmp_path / "model.keras")
    assert restored.config == model.config
    for name, value in detect(restored, images).items():
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(value), keras.ops.convert_to_numpy(detect(model, images)[name])
        )


def test_each_cell_proposes_its_best_anchor_alone():
    shapes = tuple(((stride * 2.0, stride * 2.0), (stride * 2.0, stride * 4.0)) for stride in STRIDES)
    config = Config(HEIGHT, WIDTH, 3, "faster_rcnn_fpn", "mobilenet_v2", 0.35, 16, 1, shapes, 32, 2, 4)
    anchors = config.grid.boxes
    cells = [(4 * 32 + column, score) for column, score in ((4, 9.0), (20, 5.0))]  # on the finest level's fifth row
    objectness = np.full((1, len(anchors)), -9.0, np.float32)
    for cell, score in cells:
        objectness[0, [2 * cell, 2 * cell + 1]] = score - 1, score
    regions = keras.ops.convert_to_numpy(propose(objectness, np.zeros((1, len(anchors), 4), np.float32), config))[0]
    np.testing.assert_allclose(regions[:2], anchors[[2 * cell + 1 for cell, _ in cells]], atol=1e-3)
    for cell, _ in cells:
        assert not np.isclose(regions, anchors[2 * cell], atol=1e-3).all(axis=1).any()


def test_detections_are_sorted_and_padded_with_zeros(math_splits, math_params):
    formulas = FormulaPart(math_splits, "validation")
    model = build_model(choose_config(math_params, formulas, len(CLASSES)), math_params.train)
    images = np.zeros((2, HEIGHT, WIDTH, 1), np.float32)
    found = {name: keras.ops.convert_to_numpy(value) for name, value in detect(model, images).items()}
    assert {name: (value.shape, value.dtype.name) for name, value in found.items()} == {
        "boxes": ((2, 100, 4), "float32"),
        "scores": ((2, 100), "float32"),
        "classes": ((2, 100), "int32"),
        "count": ((2,), "int32"),
    }
    for i, count in enumerate(found["count"]):
        assert (np.diff(found["scores"][i]) <= 0).all()
        assert (found["scores"][i][:count] >= 0.05).all()
        for name in ("boxes", "scores", "classes"):
            assert (found[name][i][count:] == 0).all()
        assert found["boxes"][i].min() >= 0
        assert (found["boxes"][i] <= [HEIGHT, WIDTH, HEIGHT, WIDTH]).all()


@pytest.mark.parametrize("backbone", ["mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"])
@pytest.mark.parametrize("multiplier", [0.35, 1.0])
def test_each_backbone_gives_all_levels(backbone, multiplier):
    shapes = tuple(((8.0, 8.0),) for _ in STRIDES)
    network = build_network(Config(HEIGHT, WIDTH, 3, "faster_rcnn_fpn", backbone, multiplier, 16, 1, shapes, 32, 2, 4))
    anchors = sum((HEIGHT // stride) * (WIDTH // stride) for stride in STRIDES)
    assert network.output["scores"].shape == (None, anchors, 1)
    assert network.output["deltas"].shape == (None, anchors, 4)
    assert network.output["features"].shape == (None, anchors, 16)


def test_statistics_follow_a_short_training():
    shapes = tuple(((8.0, 8.0),) for _ in STRIDES)
    network = build_network(Config(HEIGHT, WIDTH, 3, "faster_rcnn_fpn", "mobilenet_v2", 0.35, 16, 1, shapes, 32, 2, 4))
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {layer.momentum for layer in layers} == {0.95}
    assert len(layers) > 50


def test_an_unknown_backbone_is_named():
    config = Config(HEIGHT, WIDTH, 3, "ssd_fpn", "resnet", 1.0, 16, 1, (((8.0, 8.0),),) * 4, 32, 2, 4)  # type: ignore[arg-type]
    with pytest.raises(InkError, match="unknown backbone 'resnet': expected one of mobilenet_v2"):
        build_detector(config)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_sixteen_bit_layers_have_float32_weights_and_results(precision, math_splits, math_params):
    formulas = FormulaPart(math_splits, "validation")
    config = choose_config(math_params, formulas, len(CLASSES))
    model = build_model(config, math_params.train.model_copy(update={"precision": precision}))
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    dense = model(np.zeros((1, HEIGHT, WIDTH, 1), np.float32))
    assert dense["features"].dtype.name == precision.removeprefix("mixed_")
    assert detect(model, np.zeros((1, HEIGHT, WIDTH, 1), np.float32))["boxes"].dtype.name == "float32"
    assert keras.config.dtype_policy().name == "float32"
