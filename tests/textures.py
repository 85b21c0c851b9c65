"""Fixtures with a small trained classifier: it recognises which of 40 textures tiles an image."""

import numpy as np
import pytest

from pipeline.edge.variants import VARIANTS

SIDE = 24
CLASSES = 40
TEXTURES = np.random.default_rng(0).integers(0, 2, (CLASSES, 4, 4))


def textured(samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [samples, SIDE, SIDE], each a texture at a random place under noise, and labels int32 [samples]."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, samples).astype(np.int32)
    tiled = [np.roll(np.tile(TEXTURES[label], (6, 6)), rng.integers(0, 4, 2), (0, 1)) for label in labels]
    noise = rng.integers(0, 60, (samples, SIDE, SIDE))
    return (np.stack(tiled) * 190 + noise).astype(np.uint8), labels


@pytest.fixture(scope="session")
def network():
    from pipeline.edge.export import keras  # imports TensorFlow, which most tests do not need

    keras.utils.set_random_seed(1)
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(128, 3, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.01), loss)
    images, labels = textured(1024, seed=1)
    network.fit(images[..., None].astype("float32"), labels, batch_size=64, epochs=8, verbose=0)
    return network


@pytest.fixture(scope="session")
def exported(network):
    """Flatbuffers of the network by variant."""
    from pipeline.edge.export import classifier, export_tflite, image_input

    calibration = [{"image": image[None, ..., None].astype("float32")} for image in textured(64, seed=2)[0]]
    inputs = [image_input(SIDE)]
    return {v: export_tflite(network, classifier(network), inputs, v, calibration) for v in VARIANTS}


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """50 images that the network has not seen, uint8 [50, SIDE, SIDE]."""
    return textured(50, seed=3)[0]


@pytest.fixture(scope="session")
def expected(network, images) -> np.ndarray:
    """Their probabilities as Keras computes them, float32 [50, CLASSES]."""
    from pipeline.edge.export import keras

    logits = network(images[..., None].astype("float32"), training=False)
    return np.asarray(keras.ops.softmax(logits))
