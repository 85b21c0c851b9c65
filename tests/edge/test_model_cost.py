"""The cost goals of the network in params.yaml with all 3,755 classes of GB2312 level 1."""

import pytest

from benchmarks.model_cost import exported, random_network
from pipeline.edge.litert import latency
from pipeline.params import LEVEL1_CLASSES

LARGEST_BYTES = 3_000_000
SLOWEST_MS = 3.0


@pytest.mark.slow
@pytest.mark.alone
def test_dynamic_range_file_is_small_and_fast():
    data = exported(random_network(LEVEL1_CLASSES), "dynamic")
    assert len(data) <= LARGEST_BYTES
    assert latency(data, runs=200).p50_ms <= SLOWEST_MS
