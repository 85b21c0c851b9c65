import time

import keras
import numpy as np

from pipeline.hccr.model import build_model
from pipeline.hccr.training import compile_model
from pipeline.learning.saving import save_model


def test_the_same_weights_give_the_same_bytes_and_load_without_custom_objects(params, tmp_path, monkeypatch):
    keras.utils.set_random_seed(1)
    model = compile_model(build_model(params.model, 4), params.train, steps_per_epoch=1)
    images = np.random.default_rng(1).integers(0, 256, (4, 56, 56, 1)).astype(np.float32)
    model.train_on_batch(images, np.arange(4))
    save_model(model, tmp_path / "a.keras")
    an_hour_later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: an_hour_later)  # zip archives hold the time of each member
    save_model(model, tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    loaded = keras.models.load_model(tmp_path / "a.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), model.predict(images, verbose=0))
