"""How processes share the tests, and a made-up split of four easy classes: a bar at the top, bottom, left or right."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from pipeline.formats.parquet import write_samples
from pipeline.formats.png import encode_png
from pipeline.formats.sample import Sample
from pipeline.params import Params, load_params

pytest_plugins = ["tests.textures"]

# No deadline per example: the machine may do other work during the tests.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

# With pytest-xdist one process runs all tests of a module, which share its fixtures. The tests of these folders share
# more: the browser, and detectors that learnt.
SHARING = ("tests/app", "tests/detector")
# Groups that take long start first.
LONG = (*SHARING, "tests/faults", "tests/test_dvc.py", "tests/test_dry_runs.py", "tests/jobs/test_same_bytes.py")

CLASSES = ["上", "下", "右", "左"]
PART_SIZES = {"train": 96, "validation": 16, "test": 16}


def group_of(nodeid: str) -> str:
    """The group of tests that one process runs: a folder of `SHARING` or a module."""
    module = nodeid.partition("::")[0]
    return next((folder for folder in SHARING if module.startswith(f"{folder}/")), module)


def rank(item: pytest.Item) -> int:
    """The place of a test's group among those of `LONG`; all others come after them."""
    return next((place for place, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=rank)


# pytest-xdist's own groups (`--dist loadgroup`) have no effect under pytest 9.2.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Groups(config, log)


def bar_image(label: int, rng: np.random.Generator) -> np.ndarray:
    image = np.zeros((56, 56), np.uint8)
    at = int(rng.integers(6, 14))
    rows, columns = [
        (slice(at, at + 6), slice(8, 48)),
        (slice(50 - at, 56 - at), slice(8, 48)),
        (slice(8, 48), slice(50 - at, 56 - at)),
        (slice(8, 48), slice(at, at + 6)),
    ][label]
    image[rows, columns] = rng.integers(180, 255)
    return image


@pytest.fixture(scope="session")
def splits(tmp_path_factory) -> Path:
    rng = np.random.default_rng(7)
    directory = tmp_path_factory.mktemp("splits")
    (directory / "parquet").mkdir()
    for part, size in PART_SIZES.items():
        samples = []
        for i in range(size):
            label = i % len(CLASSES)
            image = encode_png(bar_image(label, rng))
            samples.append(Sample(f"1001/{part}{i:04d}", "1001", CLASSES[label], label, 40, 40, image))
        half = size // 2
        for shard, rows in enumerate([samples[:half], samples[half:]]):
            write_samples(directory / "parquet" / f"{part}-{shard:05d}-of-00002.parquet", rows, CLASSES)
    return directory


@pytest.fixture(scope="session")
def params() -> Params:
    """The project's params with a network and a schedule small enough for a test."""
    full = load_params()
    return full.model_copy(
        update={
            "model": full.model.model_copy(update={"width": 0.125, "modules": (1, 1), "features": 32, "dropout": 0.1}),
            "train": full.train.model_copy(
                update={"epochs": 4, "batch_size": 12, "evaluation_batch_size": 6, "ema": 0.8, "learning_rate": 0.01}
            ),
        }
    )


@pytest.fixture(scope="session")
def character_model() -> bytes:
    """A recogniser of four characters, see `tests.tiny_models`."""
    from tests import tiny_models  # imports TensorFlow, which most tests do not need

    return tiny_models.character_model()


@pytest.fixture(scope="session")
def formula_model() -> bytes:
    """A detector of two bars, see `tests.tiny_models`."""
    from tests import tiny_models

    return tiny_models.formula_model()
