"""A trial of the full-size benchmark: a few characters of three writers, through every task."""

import pytest

from benchmarks import full_scale
from benchmarks.full_scale import Benchmark
from benchmarks.full_scale_report import START, Task, report
from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.ink.medians import encode_line

CHARACTERS = 50  # so that one writer fills a batch
BATCH = 48
CROSS = (((100, 500), (920, 470)), ((510, 60), (520, 500), (515, 960)))


@pytest.fixture
def benchmark(tmp_path, monkeypatch):
    monkeypatch.setattr(full_scale, "REPEAT_SECONDS", 0)
    medians = tmp_path / "medians.jsonl"
    lines = [encode_line(char, CROSS) for char in GB2312_LEVEL1[:CHARACTERS]]
    medians.write_text("".join(lines), encoding="utf-8")
    (tmp_path / "work").mkdir()
    return lambda: Benchmark(tmp_path / "work", medians, CHARACTERS, cores=2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_trial_measures_everything_once(benchmark, monkeypatch):
    first = benchmark()
    for percent in (START, 1):
        first.run(percent)
    records = {task: taken.records for task, taken in first.results[1].items()}
    whole = dict.fromkeys([Task.STROKES, *(task for task in Task if task.starts_up)], 3 * CHARACTERS)
    assert records == whole | {Task.FIRST: BATCH, Task.EPOCH: BATCH, Task.TEST: CHARACTERS}
    assert sorted(path.name for path in first.work.iterdir()) == ["corpus", "full_scale.json"]

    def measure(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(full_scale, "measure", measure)
    again = benchmark()
    for percent in (START, 1):
        again.run(percent)
    assert again.results == first.results
    assert "| first batch" in report(again.results)


def test_a_full_disk_is_told_of_before_the_work(benchmark, monkeypatch):
    monkeypatch.setattr(full_scale, "DISK_OF_A_PERCENT", 1e18)
    with pytest.raises(InkError, match=r"expected \d+ GB of free disk, found \d+; make room"):
        benchmark().run(1)
