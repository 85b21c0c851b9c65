"""Model files of the pipeline: written once they pass the gate, with metadata; read with a clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.edge import gate, metadata
from pipeline.errors import InkError
from pipeline.files import atomic_file


def write_model(
    path: Path, data: bytes, labels: Sequence[str], normalisation: Mapping[str, float], network: str = ""
) -> None:
    """Writes a flatbuffer that passes the gate, with its metadata: the file that is evaluated is the file an app gets.

    Args:
        path: of the .tflite file.
        data: the flatbuffer.
        labels: the class list.
        normalisation: sizes that the input is made by, see `pipeline.edge.metadata.Description`.
        network: its architecture, see `pipeline.edge.networks`.

    Raises:
        InkError: the model cannot run on every device.
    """
    gate.check(data)
    with atomic_file(path) as partial:
        partial.write_bytes(metadata.describe(data, labels, normalisation, network))


def read_model(folder: Path, variant: str, stage: str) -> bytes:
    """The .tflite file of a variant in `folder`, which `stage` writes.

    Raises:
        InkError: there is no such file.
    """
    path = folder / f"{variant}.tflite"
    if not path.exists():
        raise InkError(f"{path}: expected the exported model, found nothing; run `dvc repro {stage}@{variant}`")
    return path.read_bytes()


def trained_network(path: Path, stage: str) -> Path:
    """`path`, if the network that `stage` trains is there.

    Raises:
        InkError: it is not.
    """
    if not path.exists():
        raise InkError(f"{path}: expected the trained network, found nothing; run `dvc repro {stage}`")
    return path
