"""Training state after each finished epoch, so that a killed run goes on where it stopped.

The state lives outside of DVC's outputs (DVC removes those before it runs a stage again), in a folder named after
everything that decides the result: params, data, class list and the code. A change of any of them
starts afresh. No pickle: arrays in an `.npz`, the learning curve as JSON inside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline import files

ROOT = Path(".checkpoints")
STATE = "state.npz"

Row = dict[str, float]
"""Metrics of one epoch."""


def run_key(parts: Iterable[Any], package: Path) -> str:
    """Name of a run: a digest of `parts` (by their `str`) and of the modules in `package` and beside this one."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(str(part).encode() + b"\0")
    for folder in (package, Path(__file__).parent):
        for source in sorted(folder.glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


class Checkpoint:
    """State of one run on disk.

    Args:
        key: from `run_key`.
        root: folder of all runs' states.
    """

    def __init__(self, key: str, root: Path | str = ROOT) -> None:
        self.path = Path(root) / key / STATE

    def restore(self, model: keras.Model) -> list[Row]:
        """Sets weights and optimizer state of the compiled `model`; returns the metrics of the finished epochs.

        Without a saved state the model stays as it is and the list is empty.
        """
        if not self.path.exists():
            return []
        with np.load(self.path, allow_pickle=False) as state:
            for i, variable in enumerate(_variables(model)):
                variable.assign(state[f"variable_{i}"])
            return json.loads(str(state["curve"]))

    def save(self, model: keras.Model, curve: list[Row]) -> None:
        """Replaces the state in one step: a kill leaves the last one or this one."""
        arrays = {f"variable_{i}": v.numpy() for i, v in enumerate(_variables(model))}
        with files.atomic_file(self.path) as partial:
            np.savez(partial, curve=np.array(json.dumps(curve)), **arrays)

    def remove(self) -> None:
        """Forgets the run: its result is safe elsewhere."""
        files.remove(self.path.parent)


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
