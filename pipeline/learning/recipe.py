"""The optimizer of both recognisers: AdamW, linear warm-up, cosine to zero, averaged weights."""

from __future__ import annotations

import keras

from pipeline.params import Recipe


def build_optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimizer for `recipe.epochs` epochs."""
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        decay_steps=max(1, recipe.epochs * steps_per_epoch - warmup),
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
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
    """XLA pays on JAX; on the TensorFlow CPU backend it costs a minute of compilation and runs a tenth slower."""
    return keras.backend.backend() == "jax"


def make_deterministic(seed: int) -> None:
    """Same seed, same weights: left alone, TensorFlow adds up in whatever order its threads finish. Costs no speed."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
