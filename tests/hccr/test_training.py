import keras
import numpy as np
import pytest

from pipeline.formats.parts import SamplePart, evaluation_batches
from pipeline.hccr import training
from pipeline.hccr.model import build_model
from pipeline.hccr.training import SmoothedCrossentropy, compute_in
from pipeline.learning import checkpoint
from pipeline.learning.normalisation import FusedBatchNormalization, fuse_batch_normalisation
from pipeline.params import load_params
from tests.conftest import CLASSES


class Killed(Exception):
    """Stands for a kill after an epoch; the real `kill -9` is in tests/stages/test_train.py."""


def _train(params, splits, root, kill_after=None):
    # As in a process of its own. Keras numbers the layers of a process, and TensorFlow sorts some sums by those names:
    # what is `conv2d_9` in one training and `conv2d_10` in the next differs in the last digit.
    keras.utils.clear_session()
    rows = []

    def on_epoch(epoch, row):
        rows.append(row)
        if epoch == kill_after:
            raise Killed

    model, final, state = training.train(params, splits, CLASSES, on_epoch, root)
    return model, final, state, rows


@pytest.fixture(scope="module")
def undisturbed(params, splits, tmp_path_factory):
    return _train(params, splits, tmp_path_factory.mktemp("runs"))


def test_learns_and_reports_a_curve_for_both_parts(params, undisturbed):
    _, final, _, rows = undisturbed
    assert len(rows) == params.train.epochs
    assert set(rows[0]) == {"train/loss", "train/accuracy", "validation/loss", "validation/accuracy"}
    assert rows[-1]["train/loss"] < rows[0]["train/loss"]
    assert final["train/accuracy_clean"] >= 0.95


def test_the_model_is_of_stock_layers_and_has_what_was_learnt(splits, undisturbed):
    model, final, _, _ = undisturbed
    assert not any(isinstance(layer, FusedBatchNormalization) for layer in model.layers)
    right = [
        model.predict_on_batch(x).argmax(axis=1) == y for x, y in evaluation_batches(SamplePart(splits, "train"), 32)
    ]
    assert np.concatenate(right).mean() == pytest.approx(final["train/accuracy_clean"])


def test_resumes_after_the_last_finished_epoch_with_the_same_result(params, splits, undisturbed, tmp_path, capsys):
    with pytest.raises(Killed):
        _train(params, splits, tmp_path, kill_after=1)
    capsys.readouterr()
    model, _, _, rows = _train(params, splits, tmp_path)
    assert "resuming after epoch 2 of 4" in capsys.readouterr().out
    assert rows == undisturbed[3]
    for resumed, straight in zip(model.get_weights(), undisturbed[0].get_weights(), strict=True):
        np.testing.assert_array_equal(resumed, straight)


def test_a_finished_run_whose_model_was_lost_is_not_trained_again(params, splits, undisturbed, tmp_path):
    with pytest.raises(Killed):
        _train(params, splits, tmp_path, kill_after=params.train.epochs - 1)
    model, _, state, _ = _train(params, splits, tmp_path)
    for resumed, straight in zip(model.get_weights(), undisturbed[0].get_weights(), strict=True):
        np.testing.assert_array_equal(resumed, straight)
    state.remove()
    assert list(tmp_path.iterdir()) == []


def test_other_params_start_another_run(params, splits, tmp_path):
    with pytest.raises(Killed):
        _train(params, splits, tmp_path, kill_after=0)
    other = params.model_copy(update={"train": params.train.model_copy(update={"seed": 9})})
    with pytest.raises(Killed):
        _train(other, splits, tmp_path, kill_after=0)
    assert len(list(tmp_path.iterdir())) == 2


def test_run_key_depends_on_every_part():
    keys = {
        checkpoint.run_key(parts, "pipeline.hccr.training") for parts in [["a", "b"], ["ab"], ["a", "c"], ["b", "a"]]
    }
    assert len(keys) == 4


def test_smoothed_crossentropy_equals_keras_on_one_hot_labels():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(5, 7)).astype(np.float32)
    labels = np.array([0, 3, 6, 2, 2], np.int32)
    ours = SmoothedCrossentropy(0.1)(labels, logits)
    reference = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)(np.eye(7)[labels], logits)
    np.testing.assert_allclose(ours, reference, rtol=1e-6)


def test_layers_compute_in_the_precision_but_weights_and_logits_are_float32():
    network = build_model(load_params().model.model_copy(update={"width": 0.125, "features": 16}), 4)
    model = compute_in("mixed_bfloat16", fuse_batch_normalisation(network, 0.9))
    assert {weight.dtype for weight in model.weights} == {"float32"}
    policies = {layer.name: layer.dtype_policy.name for layer in model.layers}
    assert policies.pop("logits") == "float32"
    assert set(policies.values()) == {"mixed_bfloat16"}
    assert keras.backend.standardize_dtype(model(np.zeros((1, 56, 56, 1), np.float32)).dtype) == "float32"
