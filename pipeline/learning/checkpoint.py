"""Training state after each finished epoch, so that a killed run resumes where it stopped.

The state lies outside DVC's outputs (DVC removes those before it runs a stage again), in a folder named after all that
decides the result: params, data, class list and code. A change of any of them starts afresh. No pickle: arrays in an
`.npz`, the learning curve as JSON inside it.

Runs with one key may work at the same time, as queued experiments do: each replaces the state as a whole, and any of
them may resume from it, since all of them compute the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline import closure, files

VARIABLE = "INK2EDGE_CHECKPOINTS"
FOLDER = ".checkpoints"
STATE = "state.npz"
_ATTEMPTS = 3  # to save a state in a folder that other runs remove when they are done

logger = logging.getLogger(__name__)

Row = dict[str, float]
"""Metrics of one epoch."""


def states_folder() -> Path:
    """Folder of all runs' states: `.checkpoints` of the project, or what INK2EDGE_CHECKPOINTS says.

    `dvc exp run --temp` and `--queue` run stages in a copy of the project inside of it, which they remove at the end,
    even after a kill; DVC tells stages in DVC_ROOT which project that is.
    """
    project, here = Path(os.environ.get("DVC_ROOT", "")).resolve(), Path.cwd()
    if not here.is_relative_to(project):  # a variable left over from elsewhere
        project = here
    return project / (os.environ.get(VARIABLE) or FOLDER)


def run_key(parts: Iterable[Any], module: str) -> str:
    """Name of a run: a digest of `parts` (by their `str`) and of the sources that the training `module` consists of.

    A state is so never resumed across a change of anything that decides the weights.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (*parts, closure.digest(module)):
        digest.update(str(part).encode() + b"\0")
    return digest.hexdigest()


class Checkpoint:
    """State of one run on disk.

    Args:
        key: from `run_key`.
        root: folder of all runs' states.
    """

    def __init__(self, key: str, root: Path | str) -> None:
        self.path = Path(root) / key / STATE

    def restore(self, model: keras.Model) -> list[Row]:
        """Sets weights and optimizer state of the compiled `model`; returns the metrics of the finished epochs.

        Without a saved state, or with one that is damaged or of another model, the model stays as it is and the list is
        empty.
        """
        if not self.path.exists():
            return []
        variables = _variables(model)
        try:
            curve, values = _parse(self.path.read_bytes(), variables)
        except ValueError as error:
            logger.warning("%s: expected the state of an interrupted run, found %s; starting afresh", self.path, error)
            return []
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return curve

    def save(self, model: keras.Model, curve: list[Row]) -> None:
        """Replaces the state in one step: a kill or a power cut leaves the last one or this one."""
        arrays = {f"variable_{i}": v.numpy() for i, v in enumerate(_variables(model))}
        for attempt in range(_ATTEMPTS):
            try:
                with files.atomic_file(self.path, durable=True, shared=True) as partial:
                    np.savez(partial, curve=np.array(json.dumps(curve)), **arrays)
                return
            except FileNotFoundError:  # another run with this key has ended and removed the folder
                if attempt == _ATTEMPTS - 1:
                    raise

    def remove(self) -> None:
        """Forgets the run: its result is safe elsewhere."""
        for file in self.path.parent.glob("*"):  # half-written ones of killed runs among them
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it is gone, or another run saves its state there
            self.path.parent.rmdir()


def _parse(data: bytes, variables: Sequence) -> tuple[list[Row], list[np.ndarray]]:
    """The learning curve and the values of the variables that a state holds.

    Raises:
        ValueError: it is damaged or not of these variables.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            damaged = archive.testzip()  # by its check sums: a power cut may leave zeros in a file of full length
        with np.load(io.BytesIO(data), allow_pickle=False) as state:
            arrays = dict(state)
        curve = json.loads(str(arrays.pop("curve")))
    except Exception as error:  # a dozen kinds, depending on the byte
        raise ValueError(f"{len(data)} bytes that are none ({error})") from error
    found = {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
    expected = {f"variable_{i}": (tuple(v.shape), v.dtype) for i, v in enumerate(variables)}
    if damaged or found != expected:
        raise ValueError(f"damaged data ({damaged})" if damaged else "variables of another model")
    return curve, list(map(arrays.__getitem__, expected))


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
