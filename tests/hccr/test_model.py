import keras
import numpy as np
import pytest

from pipeline.hccr.model import build_model
from pipeline.hccr.training import compile_model
from pipeline.params import Model, load_params

# The article's file is 3.23 MB; with one byte a weight these leave room for scales and biases under 3.0 MB.
TRUNK_WEIGHTS = 952_416
HEAD_WEIGHTS = (480 + 1) * 3755
SMALL = Model(crop=0, width=0.125, modules=(1, 1), features=16, pooling="mean", rank=0, dropout=0.1)


def _trainable(model: keras.Model) -> int:
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_full_size_model_has_the_stated_weights():
    model = build_model(load_params().model, 3755)
    assert model.input_shape == (None, 56, 56, 1)
    assert model.output_shape == (None, 3755)
    assert _trainable(model) == TRUNK_WEIGHTS + HEAD_WEIGHTS


def test_four_inception_modules_on_two_grids_and_one_dense_layer():
    model = build_model(load_params().model, 10)
    shapes = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    assert shapes == [(14, 14, 192), (14, 14, 288), (7, 7, 384), (7, 7, 480)]
    assert [layer.name for layer in model.layers if isinstance(layer, keras.layers.Dense)] == ["logits"]


@pytest.mark.parametrize("change", [{"width": 0.5}, {"modules": (1, 1)}, {"modules": (3, 2)}, {"features": 64}])
def test_width_and_depth_are_params(change):
    params = load_params().model
    smaller_or_larger = build_model(params.model_copy(update=change), 10)
    assert smaller_or_larger.output_shape == (None, 10)
    assert _trainable(smaller_or_larger) != _trainable(build_model(params, 10))


def test_overfits_one_batch(params):
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (8, 56, 56, 1)).astype(np.float32)
    labels = np.arange(8, dtype=np.int32)
    recipe = params.train.model_copy(update={"warmup_epochs": 0, "epochs": 60, "label_smoothing": 0.0, "ema": 0.0})
    model = compile_model(build_model(params.model, 8), recipe, steps_per_epoch=1)
    for _ in range(60):
        model.train_on_batch(images, labels)
    assert model.predict(images, verbose=0).argmax(axis=1).tolist() == labels.tolist()


def test_weighted_pooling_starts_as_the_mean():
    keras.utils.set_random_seed(1)
    mean = build_model(SMALL, 5)
    weighted = build_model(SMALL.model_copy(update={"pooling": "weighted"}), 5)
    *trunk, kernel, bias = mean.get_weights()
    weighted.set_weights([*trunk, weighted.get_weights()[-3], kernel, bias])
    image = np.random.default_rng(1).integers(0, 256, (2, 56, 56, 1)).astype(np.float32)
    np.testing.assert_allclose(weighted(image), mean(image), atol=1e-4)


def test_a_classifier_of_low_rank_has_few_weights():
    full, low = (build_model(SMALL.model_copy(update={"rank": rank}), 1000) for rank in (0, 4))
    head = SMALL.features * 1000
    assert full.count_params() - low.count_params() == head - (SMALL.features * 4 + 4 * 1000)


def test_the_cropped_margin_is_not_seen():
    network = build_model(SMALL.model_copy(update={"crop": 4}), 5)
    image = np.zeros((1, 56, 56, 1), np.float32)
    image[:, 10:40, 10:40] = 255
    framed = np.full_like(image, 99)
    framed[:, 4:-4, 4:-4] = image[:, 4:-4, 4:-4]
    np.testing.assert_array_equal(network(image), network(framed))
