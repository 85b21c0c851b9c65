"""The weights of a network in 16 bits, from which another training can start: `weights.npz` of a released recogniser.

Half of a .keras file's size, and 11 bits of precision, which no reading shows. Classes are matched by label: a training
with other characters takes over the whole trunk, and the rows of the last layer for the characters that both know.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from pipeline.errors import InkError

CLASSES = "classes"
HEAD = 2  # arrays of the last layer: kernel [features, classes] and bias [classes]


def pack(weights: Sequence[np.ndarray], classes: Sequence[str]) -> bytes:
    """Returns the content of a `weights.npz`.

    Args:
        weights: as `Model.get_weights()` returns them, the last layer at the end.
        classes: the class list.

    Raises:
        InkError: a weight does not fit into 16 bits.
    """
    with np.errstate(over="ignore"):
        halves = [array.astype(np.float16) for array in weights]
    if not all(np.isfinite(array).all() for array in halves):
        raise InkError("expected weights below 65504, found larger ones or NaN; train the network again")
    arrays = {f"w{index:04d}": array for index, array in enumerate(halves)}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays, **{CLASSES: np.array(list(classes))})
    return file.getvalue()


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
    found, known = _read(path)
    own = model.get_weights()
    shapes, others = ([array.shape for array in arrays[:-HEAD]] for arrays in (own, found))
    if shapes != others or own[-HEAD].shape[0] != found[-HEAD].shape[0]:
        raise InkError(
            f"{path}: expected weights of the network that params.yaml describes ({len(shapes)} arrays before the last "
            f"layer, {own[-HEAD].shape[0]} inputs of it), found those of another ({len(others)} arrays, "
            f"{found[-HEAD].shape[0]} inputs); set model.* as in the params.yaml beside the file"
        )
    place = {char: row for row, char in enumerate(known)}
    both = [(row, place[char]) for row, char in enumerate(classes) if char in place]
    rows, sources = (list(column) for column in zip(*both, strict=True)) if both else ([], [])
    kernel, bias = own[-HEAD].copy(), own[-1].copy()
    kernel[:, rows], bias[rows] = found[-HEAD][:, sources], found[-1][sources]
    model.set_weights([*found[:-HEAD], kernel, bias])
    return len(rows)


def _read(path: Path) -> tuple[list[np.ndarray], list[str]]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            known = [str(char) for char in file[CLASSES]]
            weights = [file[name].astype(np.float32) for name in sorted(file.files) if name != CLASSES]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InkError(f"{path}: expected the weights of a released recogniser (weights.npz): {error}") from error
    if len(weights) <= HEAD or weights[-1].shape != (len(known),) or weights[-HEAD].shape[1:] != (len(known),):
        raise InkError(f"{path}: expected a last layer for {len(known)} classes, found another; fetch the file again")
    return weights, known
