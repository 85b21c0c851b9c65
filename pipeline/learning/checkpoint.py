"""Saves the training state after each epoch, so that a killed run resumes where it stopped.

The state is not an output of DVC, because DVC removes outputs before it runs a stage again. Its folder is named after
everything that decides the result: params, data, class list and code. A change to any of them starts a new run. The
state holds no pickles: an `.npz` file holds the arrays, and the learning curve as JSON.

Runs with the same key may work at the same time, as queued experiments do. Each replaces the state as a whole, and any
of them may resume from it, because all of them compute the same result.
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
_ATTEMPTS = 3  # to save a state: another run with the same key may remove the folder when it ends

logger = logging.getLogger(__name__)

Row = dict[str, float]
"""Metrics of one epoch."""


def states_folder() -> Path:
    """Returns the folder of all training states: `.checkpoints` of the project, or the value of INK2EDGE_CHECKPOINTS.

    `dvc exp run --temp` and `--queue` run stages in a copy inside the project and remove the copy at the end, even
    after a kill. For stages, DVC sets DVC_ROOT to the path of the original project.
    """
    project, here = Path(os.environ.get("DVC_ROOT", "")).resolve(), Path.cwd()
    if not here.is_relative_to(project):  # the variable belongs to another project
        project = here
    return project / (os.environ.get(VARIABLE) or FOLDER)


def run_key(parts: Iterable[Any], module: str) -> str:
    """Returns the name of a run: a digest of `parts` (as `str`) and of the sources of the training `module`.

    No run therefore resumes a state after a change to anything that decides the weights.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (*parts, closure.digest(module)):
        digest.update(str(part).encode() + b"\0")
    return digest.hexdigest()


class Checkpoint:
    """The saved state of one run.

    Args:
        key: from `run_key`.
        root: folder of all training states.
    """

    def __init__(self, key: str, root: Path | str) -> None:
        self.path = Path(root) / key / STATE

    def restore(self, model: keras.Model) -> list[Row]:
        """Restores weights and optimizer state of the compiled `model`; returns the metrics of the finished epochs.

        If there is no saved state, or one that is damaged or belongs to another model, the model stays unchanged and
        the list is empty.
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
        """Replaces the state in one step: a kill or a power cut leaves either the old state or the new one."""
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
        """Deletes the state. Call it when the result of the run is saved."""
        for file in self.path.parent.glob("*"):  # also partial files of killed runs
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the folder is gone, or another run has saved its state there
            self.path.parent.rmdir()


def _parse(data: bytes, variables: Sequence) -> tuple[list[Row], list[np.ndarray]]:
    """Returns the learning curve and the values of the variables that a state holds.

    Raises:
        ValueError: the state is damaged or belongs to other variables.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            damaged = archive.testzip()  # verifies checksums: a power cut may leave zeros in a file of full length
        with np.load(io.BytesIO(data), allow_pickle=False) as state:
            arrays = dict(state)
        curve = json.loads(str(arrays.pop("curve")))
    except Exception as error:  # one of a dozen types, depending on the damaged byte
        raise ValueError(f"{len(data)} bytes that hold no state ({error})") from error
    found = {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
    expected = {f"variable_{i}": (tuple(v.shape), v.dtype) for i, v in enumerate(variables)}
    if damaged or found != expected:
        raise ValueError(f"damaged data ({damaged})" if damaged else "variables of another model")
    return curve, list(map(arrays.__getitem__, expected))


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
