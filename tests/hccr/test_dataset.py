import itertools

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.ahead import MANY_CORES
from pipeline.errors import InkError
from pipeline.formats.parts import SamplePart, evaluation_batches, evaluation_steps
from pipeline.hccr.dataset import training_batches, training_steps
from pipeline.processes import VARIABLE

PLAIN = {"rotate": 0.0, "shear": 0.0, "scale": 0.0, "shift": 0.0, "elastic": 0.0, "thickness": 0.0}


def _plain(params):
    augment = params.train.augment.model_copy(update=PLAIN)
    return params.train.model_copy(update={"augment": augment})


def test_evaluation_gives_every_sample_once_in_stored_order(splits):
    batches = list(evaluation_batches(SamplePart(splits, "test"), 6))
    stored = [
        label
        for shard in sorted((splits / "parquet").glob("test-*"))
        for label in pq.read_table(shard)["label"].to_pylist()
    ]
    assert [len(labels) for _, labels in batches] == [6, 6, 4]
    assert np.concatenate([labels for _, labels in batches]).tolist() == stored
    assert evaluation_steps(SamplePart(splits, "test"), 6) == 3


def test_batches_are_raw_grey_levels_with_a_channel(splits):
    images, labels = next(evaluation_batches(SamplePart(splits, "test"), 6))
    assert images.shape == (6, 56, 56, 1)
    assert images.dtype == np.float32
    assert labels.dtype == np.int32
    assert images.min() == 0
    assert 180 <= images.max() <= 255


def test_an_epoch_holds_every_sample_once(splits, params):
    part = SamplePart(splits, "train")
    recipe = _plain(params)
    epoch = list(itertools.islice(training_batches(part, recipe), training_steps(part, recipe)))
    stored = np.concatenate([images for images, _ in evaluation_batches(part, 16)]).reshape(96, -1)
    seen = np.concatenate([images for images, _ in epoch]).reshape(96, -1)
    assert sorted(map(bytes, seen)) == sorted(map(bytes, stored))
    assert (seen != stored).any()


def test_epochs_differ_and_a_resumed_run_sees_what_an_undisturbed_one_sees(splits, params):
    part = SamplePart(splits, "train")
    steps = training_steps(part, params.train)
    undisturbed = list(itertools.islice(training_batches(part, params.train), 2 * steps))
    resumed = list(itertools.islice(training_batches(part, params.train, first_epoch=1), steps))
    for (images, labels), (again, labels_again) in zip(undisturbed[steps:], resumed, strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, labels_again)
    assert any((a != b).any() for (_, a), (_, b) in zip(undisturbed[:steps], resumed, strict=True))


def test_augmentation_fades_out_in_the_last_epochs(splits, params):
    part = SamplePart(splits, "train")
    recipe = params.train.model_copy(update={"augment": params.train.augment.model_copy(update={"fade": 0.5})})
    clean = {bytes(image) for images, _ in evaluation_batches(part, 16) for image in images}
    steps = training_steps(part, recipe)
    epochs = [
        [
            bytes(image)
            for images, _ in itertools.islice(training_batches(part, recipe, epoch), steps)
            for image in images
        ]
        for epoch in range(recipe.epochs)
    ]
    assert [all(image in clean for image in epoch) for epoch in epochs] == [False, False, True, True]


def test_missing_part_says_what_to_run(tmp_path):
    with pytest.raises(InkError, match=r"expected train-\*\.parquet, found none; run `dvc repro split`"):
        SamplePart(tmp_path, "train")


def test_part_smaller_than_a_batch_says_what_to_change(splits, params):
    recipe = params.train.model_copy(update={"batch_size": 97})
    with pytest.raises(InkError, match=r"at least train\.batch_size = 97 samples .* found 96;"):
        training_steps(SamplePart(splits, "train"), recipe)


def test_processes_distort_to_the_same_batches(splits, params, monkeypatch):
    part, batches = SamplePart(splits, "train"), []
    for workers in (1, MANY_CORES):
        monkeypatch.setenv(VARIABLE, str(workers))
        batches.append(list(itertools.islice(training_batches(part, params.train), 2)))
    for (images, labels), (again, labels_again) in zip(*batches, strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, labels_again)
