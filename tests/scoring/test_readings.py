"""A model's readings are stored in Parquet without loss."""

import numpy as np
import pytest

from pipeline.edge.detections import Detections
from pipeline.errors import InkError
from pipeline.scoring.readings import Readings, read_found, read_readings, write_found, write_readings


def test_readings_come_back(tmp_path):
    columns = [*np.arange(12, dtype=np.int32).reshape(4, 3), np.array([0.5, 0.25, 1], np.float32)]
    path = tmp_path / "readings" / "dynamic.parquet"
    write_readings(path, Readings(*columns))
    read = read_readings(path)
    found = [read.labels, read.predicted, read.rank, read.reference, read.confidence]
    assert [column.tolist() for column in found] == [column.tolist() for column in columns]
    assert read.rank.dtype == np.int32


def test_detections_come_back(tmp_path):
    boxes = np.array([[0.1, 2, 3.75, 4], [5, 6, 7, 8]], np.float32)
    found = Detections(boxes, np.array([3, 1]), np.array([0.9, 0.1], np.float32))
    nothing = Detections(np.zeros((0, 4), np.float32), np.zeros(0, int), np.zeros(0, np.float32))
    path = tmp_path / "float16.parquet"
    write_found(path, [found, nothing])
    read = read_found(path)
    assert len(read) == 2
    for one, other in zip(read, (found, nothing), strict=True):
        for column, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(column, expected)
            assert column.shape == expected.shape


def test_the_same_readings_give_the_same_bytes(tmp_path):
    columns = [*np.arange(12, dtype=np.int32).reshape(4, 3), np.array([0.5, 0.25, 1], np.float32)]
    for name in "ab":
        write_readings(tmp_path / name, Readings(*columns))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_readings_that_are_not_there(tmp_path):
    with pytest.raises(InkError, match=r"dynamic.parquet: expected the model's predictions, found nothing"):
        read_readings(tmp_path / "dynamic.parquet")
