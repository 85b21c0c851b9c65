"""What a model read in a part, kept for reports: a change in a report never runs the model again.

    write_readings(path, readings);    read_readings(path)         # characters
    write_found(path, detections);     read_found(path)            # formulas

Both are Parquet files with one row per sample, in the part's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.edge.detections import Detections
from pipeline.errors import InkError
from pipeline.files import atomic_file
from pipeline.formats.parquet import write_table

_FOUND = {
    "boxes": pa.list_(pa.float32()),  # ymin, xmin, ymax, xmax of each detection, one after the other
    "labels": pa.list_(pa.int32()),
    "scores": pa.list_(pa.float32()),
}


@dataclass(frozen=True)
class Readings:
    """What a classifier read in each sample of a part, in its order; int32 [n] each.

    Attributes:
        labels: the true ones.
        predicted: by the model.
        rank: of the true label among the model's scores, 0 if read right.
        reference: predicted by the reference model.
    """

    labels: np.ndarray
    predicted: np.ndarray
    rank: np.ndarray
    reference: np.ndarray


def write_readings(path: Path, readings: Readings) -> None:
    """Writes the readings of a classifier."""
    _write(path, pa.table({name: pa.array(column, pa.int32()) for name, column in asdict(readings).items()}))


def read_readings(path: Path) -> Readings:
    """The readings that `write_readings` wrote.

    Raises:
        InkError: there is no such file.
    """
    table = _read(path)
    return Readings(*(table[name].to_numpy() for name in ("labels", "predicted", "rank", "reference")))


def write_found(path: Path, detections: Sequence[Detections]) -> None:
    """Writes what a detector found, one entry per image."""
    columns = {
        name: pa.array([np.asarray(getattr(found, name)).ravel() for found in detections], kind)
        for name, kind in _FOUND.items()
    }
    _write(path, pa.table(columns))


def read_found(path: Path) -> list[Detections]:
    """The detections that `write_found` wrote.

    Raises:
        InkError: there is no such file.
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
        raise InkError(f"{path}: expected what the model read, found nothing; run `dvc repro`") from error
