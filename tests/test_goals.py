"""What the project promises of the embedded corpus, held against the committed metrics of its last `dvc repro`."""

import json
from pathlib import Path

import pytest

from pipeline.edge.variants import VARIANTS

METRICS = Path("metrics")
TOP1 = 0.98  # on writers unseen in training
DYNAMIC_LOSS = 0.002  # of top-1 against float32


def _metrics(name: str) -> dict:
    return json.loads((METRICS / f"{name}.json").read_text(encoding="utf-8"))


def test_reads_writers_it_has_never_seen():
    split = _metrics("split")
    assert split["writers_test"] >= 10
    assert split["classes_missing_train"] == split["classes_missing_test"] == 0
    assert _metrics("float32")["top1"] >= TOP1


def test_dynamic_range_quantization_costs_next_to_nothing():
    assert _metrics("float32")["top1"] - _metrics("dynamic")["top1"] <= DYNAMIC_LOSS


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_was_measured_on_the_whole_test_part(variant):
    assert _metrics(variant)["test_samples"] == _metrics("split")["test"]
