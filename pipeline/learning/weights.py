"""The weights of a network in 16 bits, from which another training can start: `weights.npz` of a released recogniser.

Half of a .keras file's size, and 11 bits of precision, which no reading shows.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from pipeline.errors import InkError

CLASSES, PATHS = "classes", "paths"  # arrays of the file beside the weights


def pack(model: keras.Model, classes: Sequence[str]) -> bytes:
    """Returns the content of a `weights.npz`.

    Args:
        model: a trained network.
        classes: its class list.

    Raises:
        InkError: a weight does not fit into 16 bits.
    """
    with np.errstate(over="ignore"):
        halves = [array.astype(np.float16) for array in model.get_weights()]
    if not all(np.isfinite(array).all() for array in halves):
        raise InkError("expected weights below 65504, found larger ones or NaN; train the network again")
    arrays = {f"w{index:04d}": array for index, array in enumerate(halves)}
    paths = [variable.path for variable in model.weights]
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays, **{CLASSES: np.array(list(classes)), PATHS: np.array(paths)})
    return file.getvalue()


class Stored(NamedTuple):
    """The content of a `weights.npz`.

    Attributes:
        arrays: float32 each, in the order of `Model.get_weights()`.
        paths: of the variables, such as `naming/region_scores/kernel`; empty in files of older releases.
        classes: the class list.
    """

    arrays: list[np.ndarray]
    paths: list[str]
    classes: list[str]


def read(path: Path) -> Stored:
    """Reads a `weights.npz`.

    Raises:
        InkError: the file is missing or broken.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = [file[name].astype(np.float32) for name in sorted(file.files) if name not in (CLASSES, PATHS)]
            paths = [str(name) for name in file[PATHS]] if PATHS in file.files else []
            return Stored(arrays, paths, [str(label) for label in file[CLASSES]])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InkError(f"{path}: expected the weights of a released recogniser (weights.npz): {error}") from error


def shared(classes: Sequence[str], known: Sequence[str]) -> tuple[list[int], list[int]]:
    """Returns the indices in `classes`, and those in `known`, of the labels that both have."""
    place = {label: index for index, label in enumerate(known)}
    both = [(index, place[label]) for index, label in enumerate(classes) if label in place]
    return [index for index, _ in both], [index for _, index in both]
