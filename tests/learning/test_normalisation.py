"""Fused batch normalisation is batch normalisation."""

import keras
import numpy as np

from pipeline.learning.normalisation import FusedBatchNormalization, fuse_batch_normalisation

ACTIVATIONS = np.random.default_rng(1).normal(3, 2, (4, 6, 8, 5)).astype(np.float32)


def test_it_computes_and_remembers_what_the_stock_layer_does():
    stock, fused = keras.layers.BatchNormalization(momentum=0.9), FusedBatchNormalization(momentum=0.9)
    for training in (True, True, False):
        np.testing.assert_allclose(
            fused(ACTIVATIONS, training=training), stock(ACTIVATIONS, training=training), atol=1e-5
        )
    for own, reference in zip(fused.weights, stock.weights, strict=True):
        np.testing.assert_allclose(own, reference, rtol=1e-5, atol=1e-6)


def test_a_fused_copy_has_the_same_layers_and_the_new_momentum():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.ReLU(6.0)]
    )
    copy = fuse_batch_normalisation(model, momentum=0.5)
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    assert isinstance(copy.layers[1], FusedBatchNormalization)
    assert copy.layers[1].momentum == 0.5
    assert copy.layers[2].max_value == 6.0
