"""Made-up formulas of three easy symbols: a bar, a filled square and an outlined square."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.formats.formula import Formula, write_formulas
from pipeline.formats.png import encode_png
from pipeline.params import Math, load_params

CLASSES = ["+", "-", "x"]
HEIGHT, WIDTH = 64, 128


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
