"""Starts a training from the weights of a released recogniser, `weights.npz`.

Classes are matched by label: a training with other characters takes over the whole trunk, and the rows of the last
layer for the characters that both know.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from pipeline.errors import InkError
from pipeline.learning import weights

HEAD = 2  # arrays of the last layer: kernel [features, classes] and bias [classes]


def start_from(model: keras.Model, classes: Sequence[str], path: Path) -> int:
    """Gives `model` the weights of a file; rows of characters that only `model` knows stay as they are.

    Args:
        model: newly built.
        classes: its class list.
        path: a `weights.npz`.

    Returns:
        The number of classes whose rows were found.

    Raises:
        InkError: the file is missing or broken, or it belongs to a network of another shape.
    """
    found, _, known = weights.read(path)
    if len(found) <= HEAD or found[-1].shape != (len(known),) or found[-HEAD].shape[1:] != (len(known),):
        raise InkError(f"{path}: expected a last layer for {len(known)} classes, found another; fetch the file again")
    own = model.get_weights()
    shapes, others = ([array.shape for array in arrays[:-HEAD]] for arrays in (own, found))
    if shapes != others or own[-HEAD].shape[0] != found[-HEAD].shape[0]:
        raise InkError(
            f"{path}: expected weights of the network that params.yaml describes ({len(shapes)} arrays before the last "
            f"layer, {own[-HEAD].shape[0]} inputs of it), found those of another ({len(others)} arrays, "
            f"{found[-HEAD].shape[0]} inputs); set model.* as in the params.yaml beside the file"
        )
    rows, sources = weights.shared(classes, known)
    kernel, bias = own[-HEAD].copy(), own[-1].copy()
    kernel[:, rows], bias[rows] = found[-HEAD][:, sources], found[-1][sources]
    model.set_weights([*found[:-HEAD], kernel, bias])
    return len(rows)
