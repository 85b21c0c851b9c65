"""Starts the training of a detector from the weights of a released one, `weights.npz`.

Arrays are matched by the path of their variable, and names by label: a detector that knows other symbols, or has more
blocks of context, takes over all that both have.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.detector.model import Detector
from pipeline.errors import InkError
from pipeline.learning import weights

NAMES = "region_scores"  # the layer with a column per class, and one of the background


def start_from(model: Detector, classes: Sequence[str], path: Path) -> int:
    """Gives `model` the weights of a file; those that the file lacks stay as they are.

    Args:
        model: newly built.
        classes: its class list.
        path: a `weights.npz`.

    Returns:
        The number of arrays taken over.

    Raises:
        InkError: the file is missing or broken, or its backbone or pyramid has another shape.
    """
    stored = weights.read(path)
    found = dict(zip(stored.paths, stored.arrays, strict=True)) if stored.paths else {}
    own, sources = weights.shared([*classes, ""], [*stored.classes, ""])  # "" is the background
    taken, misfits = 0, []
    for variable in model.weights:
        array = found.get(variable.path)
        if array is None:
            continue
        if NAMES in variable.path:
            merged = variable.numpy()
            merged[..., own] = array[..., sources]
            array = merged
        if array.shape != variable.shape:
            misfits.append(f"{variable.path} {array.shape} instead of {tuple(variable.shape)}")
            continue
        variable.assign(array)
        taken += 1
    if misfits or not taken:
        what = "; ".join(misfits[:3]) or f"{len(found)} arrays with other names"
        raise InkError(
            f"{path}: expected weights of a detector like the one that params.yaml describes, found {what}; set "
            "math.train.* as in the params.yaml beside the file"
        )
    return taken
