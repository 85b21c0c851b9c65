"""Writes model files that pass the gate, with their metadata, and reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.edge import gate, metadata
from pipeline.errors import InkError
from pipeline.files import atomic_file


def write_model(
    path: Path,
    data: bytes,
    labels: Sequence[str],
    normalisation: Mapping[str, float],
    network: str = "",
    calibration: Mapping[str, float] | None = None,
) -> None:
    """Checks a flatbuffer at the gate and writes it with its metadata.

    The pipeline evaluates the same file that apps use.

    Args:
        path: path of the .tflite file.
        data: the flatbuffer.
        labels: class list.
        normalisation: sizes for making inputs, see `pipeline.edge.metadata.Description`.
        network: name of the architecture, see `pipeline.edge.networks`.
        calibration: see `pipeline.edge.metadata.describe`.

    Raises:
        InkError: the model cannot run on every device.
    """
    gate.check(data)
    with atomic_file(path) as partial:
        partial.write_bytes(metadata.describe(data, labels, normalisation, network, calibration))


def read_model(folder: Path, variant: str, stage: str) -> bytes:
    """Reads the .tflite file of a variant from `folder`; `stage` is the DVC stage that writes it.

    Raises:
        InkError: the file is missing.
    """
    path = folder / f"{variant}.tflite"
    if not path.exists():
        raise InkError(f"{path}: expected the exported model, found nothing; run `dvc repro {stage}@{variant}`")
    return path.read_bytes()


def trained_network(path: Path, stage: str) -> Path:
    """Returns `path` after checking that the network exists; `stage` is the DVC stage that trains it.

    Raises:
        InkError: the file is missing.
    """
    if not path.exists():
        raise InkError(f"{path}: expected the trained network, found nothing; run `dvc repro {stage}`")
    return path
