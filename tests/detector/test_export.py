"""The exported detector finds what the Keras model finds: whole, in built-in operators, in every variant."""

import numpy as np
import pytest

from pipeline.detector.inference import DETECTIONS, detect
from pipeline.edge import gate
from pipeline.edge.detections import Detections
from pipeline.edge.export import ALL_BUT_LAYERS, export_tflite, image_input, keras
from pipeline.edge.folding import fold_batch_norm
from pipeline.edge.litert import Runner
from pipeline.scoring.coco import Truth, match
from tests.detector.conftest import CLASSES, HEIGHT, WIDTH
from tests.edge.tiny_detector import OUTPUTS

# The others would take as long again, and share every part with the first.
ARCHITECTURES = [
    "faster_rcnn_fpn",
    *(pytest.param(arch, marks=pytest.mark.slow) for arch in ("faster_rcnn", "ssd_fpn")),
]
SURE = 0.5  # score
PIXELS, SCORE = 0.05, 1e-3  # largest differences between Keras and LiteRT in float32
# Anchors must stay exact: as a float table in a dynamic file they would lie on a grid of several pixels.
BOX_ERROR = {"float16": 0.1, "dynamic": 1.0, "int8": 2.0}  # largest in pixels, of detections that are sure
AGREEMENT = {"float16": 1.0, "dynamic": 1.0, "int8": 0.7}  # of them found


def exported(model, variant: str, images: np.ndarray) -> bytes:
    feeds = [{"image": image[None]} for image in images]
    inputs = [image_input(HEIGHT, WIDTH)]
    folded = type(model).from_config(model.get_config())
    folded.set_weights(model.get_weights())
    folded.network = fold_batch_norm(model.network)
    return export_tflite(folded, lambda image: detect(folded, image), inputs, variant, feeds, ALL_BUT_LAYERS)


def expected(model, images: np.ndarray) -> dict[str, np.ndarray]:
    return {name: keras.ops.convert_to_numpy(value) for name, value in detect(model, images).items()}


def detections(found: dict[str, np.ndarray], index: int, least: float) -> Detections:
    """The detections of one image with a score of at least `least`."""
    rows = found["scores"][index] >= least
    return Detections(*(found[name][index][rows] for name in ("boxes", "classes", "scores")))


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_float32_finds_the_very_same(arch, learnt):
    model, images, targets, _ = learnt(arch)
    data = exported(model, "float32", images)
    graph = gate.check(data)
    # One proposal per cell: this canvas has so few cells of stride 16 that even with every class there are no 100.
    cells = sum(HEIGHT // stride * (WIDTH // stride) for stride in model.config.strides)
    rows = min(DETECTIONS, cells * len(CLASSES))
    of_so_many = [(dtype, tuple(rows if side == DETECTIONS else side for side in shape)) for dtype, shape in OUTPUTS]
    assert sorted((tensor.dtype, tensor.shape) for tensor in graph.outputs) == of_so_many
    found, true = Runner(data).outputs(images), expected(model, images)
    assert found["count"].tolist() == true["count"].tolist()
    assert ((true["scores"] >= SURE).sum(axis=1) >= (targets["labels"] >= 0).sum(axis=1)).all()
    np.testing.assert_allclose(found["scores"], true["scores"], atol=SCORE)
    for index, count in enumerate(found["count"]):
        scores = found["scores"][index]
        assert (scores[:count] > 0).all()
        assert not scores[count:].any()
        assert (np.diff(scores) <= 0).all()
        ours, theirs = detections(found, index, SURE), detections(true, index, SURE)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=PIXELS)


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("variant", AGREEMENT)
def test_smaller_variants_pass_the_gate_and_find_the_same(arch, variant, learnt):
    model, images, _, _ = learnt(arch)
    data = exported(model, variant, images)
    gate.check(data)
    found, true = Runner(data).outputs(images), expected(model, images)
    shares, errors = [], []
    for index in range(len(images)):
        ours, sure = detections(found, index, SURE / 2), detections(true, index, SURE)
        theirs = Truth(sure.boxes, sure.labels)
        owner = match(theirs, ours)
        shares.append((owner >= 0).sum() / len(sure.boxes))
        errors.append(np.abs(ours.boxes[owner >= 0] - theirs.boxes[owner[owner >= 0]]).max(axis=1))
    assert np.mean(shares) >= AGREEMENT[variant]
    assert np.concatenate(errors).max() <= BOX_ERROR[variant]
