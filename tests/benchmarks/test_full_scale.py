"""A trial of the full-size benchmark: a few characters of three writers, through every task."""

from dataclasses import replace

import pytest

from benchmarks import full_scale
from benchmarks.full_scale import Benchmark, steps_of, with_sources
from benchmarks.full_scale_report import START, Task, report
from benchmarks.measuring import Measurement
from pipeline.errors import InkError
from pipeline.formats.charset import GB2312_LEVEL1
from pipeline.synthesis.hands.medians import encode_line

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


def test_a_step_brings_those_whose_output_it_reads_and_lacks(tmp_path):
    steps = steps_of(tmp_path)

    def tasks(*asked):
        return [step.task for step in with_sources([step for step in steps if step.task in asked], steps)]

    assert tasks(Task.TEST) == [Task.DECODE, Task.SPLIT, Task.TEST]
    assert tasks(Task.TFRECORD, Task.DECODE) == [Task.TFRECORD, Task.DECODE]
    (tmp_path / "split").mkdir()
    assert tasks(Task.TEST) == [Task.TEST]


def test_what_is_measured_again_counts_if_it_is_faster(benchmark, monkeypatch):
    speed = {Task.PLAIN: 2.0, Task.PNGS: 4.0}
    tasks = [task for task in Task if task.starts_up]

    def fastest(step, _):
        return Measurement(12, speed.get(step.task, 3.0), *[0.0] * 6)

    monkeypatch.setattr(full_scale, "fastest", fastest)
    first = benchmark()
    first.run(START)
    assert [first.results[START][task].seconds for task in tasks] == [2.0, 4.0, 3.0, 3.0, 3.0, 3.0]
    speed |= {Task.PLAIN: 9.0, Task.PNGS: 1.0, Task.TFRECORD: 1.0}
    second = replace(benchmark(), again=[Task.PLAIN, Task.PNGS])
    second.run(START)
    assert [second.results[START][task].seconds for task in tasks] == [2.0, 1.0, 3.0, 3.0, 3.0, 3.0]
    assert benchmark().results == second.results
