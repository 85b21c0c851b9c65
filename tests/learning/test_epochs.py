import itertools

import keras
import numpy as np
import pytest

from pipeline.learning import epochs
from pipeline.learning.checkpoint import STATE, Checkpoint
from pipeline.learning.epochs import fit
from pipeline.learning.recipe import build_optimizer
from pipeline.params import Recipe

RECIPE = {
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 0.5,
    "weight_decay": 0.0,
    "warmup_epochs": 0.0,
    "ema": 0.9,
    "seed": 1,
}
STEPS = 4


def _network() -> keras.Model:
    keras.utils.set_random_seed(1)
    image = keras.Input((2, 2, 1))
    x = keras.layers.Conv2D(3, 1, use_bias=False, name="conv")(image)
    x = keras.layers.BatchNormalization(momentum=0.5, name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    return keras.Model(image, keras.layers.Dense(2)(x))


def _batches(first_epoch: int):
    for epoch in itertools.count(first_epoch):
        rng = np.random.default_rng(epoch)
        for _ in range(STEPS):
            labels = rng.integers(0, 2, 8).astype(np.int32)
            yield (rng.normal(3, 2, (8, 2, 2, 1)) * (1 + labels[:, None, None, None])).astype(np.float32), labels


def _fit(recipe: Recipe, folder, on_epoch=lambda epoch, row: None) -> keras.Model:
    model = _network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(build_optimizer(recipe, STEPS), loss, metrics=["accuracy"], jit_compile=False)
    validation = [next(_batches(9))]
    fit(model, recipe, STEPS, _batches, lambda: iter(validation), 1, on_epoch, Checkpoint("run", folder))
    return model


@pytest.mark.parametrize("final", [0.0, 0.25])
def test_rate_falls_to_a_share_of_the_peak(final):
    optimizer = build_optimizer(Recipe(**RECIPE, final_rate=final), STEPS)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 4, 8, 100)]
    assert rates == pytest.approx([0.5, 0.5 * (1 + final) / 2, 0.5 * final, 0.5 * final])


def _unsettled(monkeypatch) -> None:
    """Training as it would be without settling."""
    monkeypatch.setattr(epochs._Averaged, "settle", lambda _: None)


def test_averaged_weights_get_statistics_of_their_own(tmp_path, monkeypatch):
    recipe = Recipe(**RECIPE, final_rate=0.25)
    model = _fit(recipe, tmp_path / "settled")
    _unsettled(monkeypatch)
    plain = _fit(recipe, tmp_path / "plain")
    images = np.concatenate([images for images, _ in itertools.islice(_batches(0), epochs.SETTLING_BATCHES)])
    maps = images @ model.get_layer("conv").kernel.numpy()[0, 0]
    # A momentum of 0.5 weighs the last batches most, and each holds 32 pixels.
    np.testing.assert_allclose(model.get_layer("norm").moving_mean, maps.mean((0, 1, 2)), rtol=0.25)
    for settled, weights in zip(model.trainable_variables, plain.trainable_variables, strict=True):
        np.testing.assert_array_equal(settled, weights)
    assert not np.allclose(plain.get_layer("norm").moving_mean, maps.mean((0, 1, 2)), rtol=0.25)


def test_settling_leaves_the_training_as_it_is(tmp_path, monkeypatch):
    recipe = Recipe(**RECIPE, final_rate=0.25)
    _fit(recipe, tmp_path / "settled")
    _unsettled(monkeypatch)
    _fit(recipe, tmp_path / "plain")
    settled, plain = (np.load(tmp_path / name / "run" / STATE) for name in ("settled", "plain"))
    assert settled.files == plain.files
    for name in settled.files:
        if name != "curve":  # which has the validations
            np.testing.assert_array_equal(settled[name], plain[name])


def test_a_run_that_only_has_to_settle_gives_the_same_network(tmp_path):
    curve, resumed = [], []
    first = _fit(Recipe(**RECIPE, final_rate=0.25), tmp_path, lambda epoch, row: curve.append(row))
    again = _fit(Recipe(**RECIPE, final_rate=0.25), tmp_path, lambda epoch, row: resumed.append(row))
    assert resumed == curve
    for weights, others in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, others)
