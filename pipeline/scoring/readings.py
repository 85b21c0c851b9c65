"""Stores a model's predictions on a part for the reports, so that a change in a report never reruns the model.

    write_readings(path, readings);    read_readings(path)         # characters
    write_found(path, detections);     read_found(path)            # formulas

Both files are Parquet with one row per sample, in the order of the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.edge.detections import Detections
from pipeline.errors import InkError
from pipeline.files import atomic_file
from pipeline.formats.parquet import write_table

_FOUND = {
    "boxes": pa.list_(pa.float32()),  # flattened: ymin, xmin, ymax, xmax of each detection
    "labels": pa.list_(pa.int32()),
    "scores": pa.list_(pa.float32()),
}


@dataclass(frozen=True)
class Readings:
    """A classifier's predictions for the samples of a part, in the order of the part; each [n].

    Attributes:
        labels: true labels, int32.
        predicted: labels that the model predicts, int32.
        rank: rank of the true label among the model's scores, int32; 0 is a correct prediction.
        reference: labels that the reference model predicts, int32.
        confidence: probability of the predicted label, float32.
    """

    labels: np.ndarray
    predicted: np.ndarray
    rank: np.ndarray
    reference: np.ndarray
    confidence: np.ndarray


def write_readings(path: Path, readings: Readings) -> None:
    """Writes the predictions of a classifier."""
    _write(path, pa.table(asdict(readings)))


def read_readings(path: Path) -> Readings:
    """Reads the predictions that `write_readings` wrote.

    Raises:
        InkError: the file is missing.
    """
    table = _read(path)
    return Readings(*(table[field.name].to_numpy() for field in fields(Readings)))


def write_found(path: Path, detections: Sequence[Detections]) -> None:
    """Writes the detections of a detector, one entry per image."""
    columns = {
        name: pa.array([np.asarray(getattr(found, name)).ravel() for found in detections], kind)
        for name, kind in _FOUND.items()
    }
    _write(path, pa.table(columns))


def read_found(path: Path) -> list[Detections]:
    """Reads the detections that `write_found` wrote.

    Raises:
        InkError: the file is missing.
    """
    rows = zip(*(_read(path)[name] for name in _FOUND), strict=True)
    return [
        Detections(
            np.array(boxes.as_py(), np.float32).reshape(-1, 4),
            np.array(labels.as_py(), int),
            np.array(scores.as_py(), np.float32),
        )
        for boxes, labels, scores in rows
    ]


def _write(path: Path, table: pa.Table) -> None:
    with atomic_file(path) as partial:
        write_table(partial, table)


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except FileNotFoundError as error:
        raise InkError(f"{path}: expected the model's predictions, found nothing; run `dvc repro`") from error
