"""The tables of the full-size benchmark, from made-up figures."""

import pytest

from benchmarks.full_scale_report import START, Task, growth, report
from benchmarks.measuring import Measurement


def taken(seconds, records=1000, memory=500.0, disk=150.0):
    return Measurement(records, seconds, 2 * seconds, memory / 2, memory, 300.0, disk, 100.0)


def results():
    """Ten seconds of start-up; work that grows by 1.1 from 1 % to 100 %, for the split by 1.2."""
    start = {task: taken(10.0) for task in Task if task.starts_up}
    one = {task: taken(11.0) for task in Task}
    hundred = {task: taken(120.0, 100_000) for task in Task}
    hundred |= {Task.SPLIT: taken(130.0, 100_000, memory=3001, disk=201.0), Task.FIRST: taken(3.0, 48)}
    return {START: start, 1: one, 100: hundred}


def test_growth_is_reckoned_without_the_start_up():
    assert growth(results(), Task.DECODE, 1, 100) == pytest.approx(1.1)
    assert growth(results(), Task.SPLIT, 1, 100, "cpu") == pytest.approx(1.2)


def test_a_row_tells_what_a_task_took():
    row = next(line for line in report(results()).splitlines() if line.startswith("| first batch"))
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "first batch", "1,000", "11.0", "91", "22.0", "250", "500", "300", "150", "100",
    ]  # fmt: skip


def test_bars_that_are_missed_are_marked():
    bars = report(results()).partition("**Bars**")[2].splitlines()
    missed = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in bars if "missed" in line}
    assert missed == {
        "decode, speed of PNG dump": "1.00",
        "decode, speed of one TFRecord": "1.00",
        "decode, speed of TFRecord of scans": "1.00",
        "split, growth": "1.20",
        "split, peak memory of all processes, MB": "3,001",
        "split, spare disk over what is left": "1.01",
    }
    assert len(bars) - len(missed) > 8


def test_one_scale_has_no_growth():
    assert "Growth" not in report({scale: tasks for scale, tasks in results().items() if scale != 1})
