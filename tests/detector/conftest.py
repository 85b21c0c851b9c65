"""Made-up formulas of three easy symbols: a bar, a filled and an outlined square; and detectors that learnt three."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest

from pipeline.detector.dataset import FormulaPart, evaluation_batches
from pipeline.detector.model import Detector
from pipeline.detector.training import build_model, choose_config
from pipeline.formats.formula import Formula, write_formulas
from pipeline.formats.png import encode_png
from pipeline.params import Math, load_params

CLASSES = ["+", "-", "x"]
HEIGHT, WIDTH = 64, 128
STEPS = 200
LEARNING_RATE = 3e-3


def draw_formula(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A canvas uint8, boxes float32 [count, 4] and labels [count]: symbols side by side."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    boxes, labels = [], []
    for i in range(count):
        label = int(rng.integers(3))
        height, width = [(16, 16), (4, 20), (14, 14)][label]
        y, x = int(rng.integers(4, HEIGHT - 24)), 4 + i * 30 + int(rng.integers(0, 6))
        image[y : y + height, x : x + width] = 255
        if label == 2:
            image[y + 3 : y + height - 3, x + 3 : x + width - 3] = 0
        boxes.append([y, x, y + height, x + width])
        labels.append(label)
    return image, np.array(boxes, np.float32), np.array(labels)


@pytest.fixture(scope="session")
def math_splits(tmp_path_factory) -> Path:
    """A split of 24 training and 6 validation formulas."""
    rng = np.random.default_rng(3)
    directory = tmp_path_factory.mktemp("math_splits")
    (directory / "parquet").mkdir()
    for part, size in {"train": 24, "validation": 6}.items():
        formulas = []
        for i in range(size):
            image, boxes, labels = draw_formula(rng, int(rng.integers(1, 5)))
            symbols = [CLASSES[label] for label in labels]
            formulas.append(
                Formula(
                    key=f"made-up/{part}{i:03d}",
                    writer="1",
                    source="made-up",
                    height=HEIGHT,
                    width=WIDTH,
                    image=encode_png(image),
                    boxes=boxes,
                    labels=labels,
                    symbols=symbols,
                    truth="",
                    strokes=[],
                    symbol_strokes=[[] for _ in symbols],
                )
            )
        write_formulas(directory / "parquet" / f"{part}-00000-of-00001.parquet", formulas, CLASSES)
    return directory


@pytest.fixture(scope="session")
def math_params() -> Math:
    """The project's params with a small canvas, a narrow network and a short schedule."""
    full = load_params().math
    train = {
        "width": 0.35,
        "channels": 16,
        "anchors": 2,
        "epochs": 2,
        "batch_size": 2,
        "ema": 0.8,
        "warmup_epochs": 0.2,
    }
    return full.model_copy(
        update={
            "decode": full.decode.model_copy(update={"height": HEIGHT, "width": WIDTH}),
            "train": full.train.model_copy(update=train),
        }
    )


class Learnt(NamedTuple):
    """A detector trained on one batch alone.

    Attributes:
        images: the batch, float32 `[3, HEIGHT, WIDTH, 1]`.
        targets: what it should have learnt of it.
        losses: of each step.
    """

    model: Detector
    images: np.ndarray
    targets: dict[str, np.ndarray]
    losses: list[float]


@pytest.fixture(scope="session")
def learnt(math_splits, math_params) -> Callable[[str], Learnt]:
    """Gives the detector of an architecture that knows one batch by heart; trained when first asked for."""

    @cache
    def train(arch: str) -> Learnt:
        keras.utils.set_random_seed(1)
        recipe = math_params.train.model_copy(update={"arch": arch})
        formulas = FormulaPart(math_splits, "validation")
        config = choose_config(math_params.model_copy(update={"train": recipe}), formulas, len(CLASSES))
        model = build_model(config, recipe)
        model.compile(keras.optimizers.Adam(LEARNING_RATE))
        images, targets = next(evaluation_batches(formulas, config.grid, 3, background=True))
        losses = [model.train_on_batch(images, targets, return_dict=True)["loss"] for _ in range(STEPS)]
        return Learnt(model, images, targets, losses)

    return train
