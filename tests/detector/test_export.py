"""The exported detector finds what the Keras model finds: whole, in built-in operators, in every variant."""

import numpy as np
import pytest

from pipeline.detector.inference import detect
from pipeline.detector.model import build_detector
from pipeline.detector.network import Config, strides
from pipeline.edge import gate
from pipeline.edge.coco import Detections, Truth, match
from pipeline.edge.export import ALL_BUT_LAYERS, export_tflite, image_input, keras
from pipeline.edge.litert import Runner

HEIGHT, WIDTH, CLASSES = 64, 256, 5
# The others take as long again, and share every part with the first.
ARCHITECTURES = [
    "faster_rcnn_fpn",
    *(pytest.param(arch, marks=pytest.mark.slow) for arch in ("faster_rcnn", "ssd_fpn")),
]
PIXELS, SCORE = 0.01, 1e-4  # largest differences between Keras and LiteRT in float32
# Anchors must stay exact: as a float table in a dynamic file they would lie on a grid of several pixels.
BOX_ERROR = {"float16": 0.1, "dynamic": 0.5, "int8": 1.0}  # median in pixels
AGREEMENT = {"float16": 0.9, "dynamic": 0.6, "int8": 0.5}  # of boxes found, by a network that has learnt nothing


def detector(arch: str):
    """A small detector with random weights that finds plenty."""
    keras.utils.set_random_seed(3)
    shapes = tuple(((2.0 * s, 3.0 * s), (4.0 * s, 4.0 * s)) for s in strides(arch))
    model = build_detector(Config(HEIGHT, WIDTH, CLASSES, arch, "mobilenet_v2", 0.35, 32, shapes))
    model(images()[:1])
    rng = np.random.default_rng(3)
    for weights in model.weights:
        if weights.path.endswith(("gamma", "moving_variance")):
            weights.assign(rng.uniform(0.8, 1.2, weights.shape))
        elif weights.path.endswith("kernel") and "score" in weights.path:
            weights.assign(weights * 20)
    return model


def images() -> np.ndarray:
    """Four canvases of bright strokes on black, float32 [4, HEIGHT, WIDTH, 1]."""
    rng = np.random.default_rng(4)
    canvases = np.zeros((4, HEIGHT, WIDTH, 1), np.float32)
    for canvas in canvases:
        for _ in range(12):
            y, x, height, width = rng.integers((0, 0, 2, 2), (HEIGHT, WIDTH, 20, 20))
            canvas[y : y + height, x : x + width] = rng.integers(100, 256)
    return canvases


def exported(model, variant: str) -> bytes:
    feeds = [{"image": image[None]} for image in images()]
    inputs = [image_input(HEIGHT, WIDTH)]
    return export_tflite(model, lambda image: detect(model, image), inputs, variant, feeds, ALL_BUT_LAYERS)


def expected(model) -> dict[str, np.ndarray]:
    found = [detect(model, image[None]) for image in images()]
    return {name: np.concatenate([keras.ops.convert_to_numpy(one[name]) for one in found]) for name in found[0]}


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_float32_finds_the_very_same(arch):
    model = detector(arch)
    data = exported(model, "float32")
    graph = gate.check(data)
    assert sorted((tensor.dtype, tensor.shape) for tensor in graph.outputs) == [
        ("float32", (1, 100)),
        ("float32", (1, 100, 4)),
        ("int32", (1,)),
        ("int32", (1, 100)),
    ]
    found, true = Runner(data).outputs(images()), expected(model)
    assert true["count"].min() > 0
    assert found["count"].tolist() == true["count"].tolist()
    np.testing.assert_array_equal(found["classes"], true["classes"])
    np.testing.assert_allclose(found["scores"], true["scores"], atol=SCORE)
    np.testing.assert_allclose(found["boxes"], true["boxes"], atol=PIXELS)
    for rows, count in zip(found["scores"], found["count"], strict=True):
        assert (rows[:count] > 0).all()
        assert not rows[count:].any()
        assert (np.diff(rows) <= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("variant", AGREEMENT)
def test_smaller_variants_pass_the_gate_and_find_much_the_same(arch, variant):
    model = detector(arch)
    data = exported(model, variant)
    gate.check(data)
    found, true = Runner(data).outputs(images()), expected(model)
    shares, errors = [], []
    for index, count in enumerate(true["count"]):
        rows = slice(0, found["count"][index])
        ours = Detections(found["boxes"][index, rows], found["classes"][index, rows], found["scores"][index, rows])
        theirs = Truth(true["boxes"][index, :count], true["classes"][index, :count])
        owner = match(theirs, ours)
        shares.append((owner >= 0).sum() / count)
        errors.append(np.abs(ours.boxes[owner >= 0] - theirs.boxes[owner[owner >= 0]]).max(axis=1))
    assert np.mean(shares) >= AGREEMENT[variant]
    assert np.median(np.concatenate(errors)) <= BOX_ERROR[variant]
