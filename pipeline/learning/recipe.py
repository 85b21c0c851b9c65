"""The optimizer of both recognisers: AdamW with linear warm-up, cosine decay and averaged weights."""

from __future__ import annotations

import keras

from pipeline.params import Recipe


def build_optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Returns the optimizer for `recipe.epochs` epochs."""
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        decay_steps=max(1, recipe.epochs * steps_per_epoch - warmup),
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
        alpha=recipe.final_rate,
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=recipe.weight_decay,
        use_ema=recipe.ema > 0,
        ema_momentum=recipe.ema,
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def pays_to_compile() -> bool:
    """Whether XLA makes training faster: on JAX only.

    With TensorFlow on a CPU it costs a minute of compilation and makes steps a tenth slower.
    """
    return keras.backend.backend() == "jax"


def make_deterministic(seed: int) -> None:
    """Makes the same seed give the same weights, at the same speed.

    By default, TensorFlow adds numbers in the order in which its threads finish.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
