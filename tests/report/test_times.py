"""The table of times."""

import pytest

from pipeline.errors import InkError
from pipeline.files import write_json
from pipeline.report import times

ONE = {"p50_ms": 0.418, "p95_ms": 0.5, "threads": 1, "cpu": "Tiny CPU"}
BOTH = {"p50_ms": 5.04, "p95_ms": 6.0, "p50_ms_2_threads": 4.0, "p95_ms_2_threads": 4.256, "cpu": "Tiny CPU"}


def test_rows_in_milliseconds(tmp_path):
    write_json(tmp_path / "dynamic.json", ONE)
    write_json(tmp_path / "float16.json", BOTH)
    assert times.rows("model", tmp_path, ["dynamic", "float16"]) == [
        ["model, dynamic", "0.42/0.50", "–", "Tiny CPU"],
        ["model, float16", "5.04/6.00", "4.00/4.26", "Tiny CPU"],
    ]


def test_a_variant_without_times_says_what_to_run(tmp_path):
    with pytest.raises(InkError, match=r"int8\.json: expected times, found nothing; run `dvc repro`"):
        times.rows("model", tmp_path, ["int8"])
