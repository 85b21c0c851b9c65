"""The tables of `benchmarks.full_scale`, in Markdown, and the goals for its figures."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from benchmarks.measuring import Measurement
from pipeline.report.tables import markdown

START = 0  # the scale that measures start-up times


class Task(StrEnum):
    """The tasks that are measured."""

    STROKES = "strokes"
    PLAIN = "plain script"
    PNGS = "PNG dump"
    TFRECORD = "one TFRecord"
    SCANS = "TFRecord of scans"
    DECODE = "decode"
    SPLIT = "split"
    FIRST = "first batch"
    EPOCH = "training epoch"
    TEST = "evaluation pass"

    @property
    def starts_up(self) -> bool:
        """Whether its start-up time is subtracted."""
        return self in {Task.PLAIN, Task.PNGS, Task.TFRECORD, Task.SCANS, Task.DECODE, Task.SPLIT}


Results = dict[int, dict[Task, Measurement]]
"""Measurements by percentage and task."""

TAKEN = (
    "",
    "records",
    "seconds",
    "records/s",
    "CPU s",
    "largest MB",
    "together MB",
    "written MB",
    "disk MB",
    "left MB",
)

# Goals.
GROWTH = 1.15  # largest factor by which the largest scale exceeds the scaled-up time of the smallest
PEAK_MB = 3000
OF_PLAIN, OF_PEERS = 0.85, 3.0  # lowest speed relative to the plain loop and to the other ways
FIRST_SECONDS = 10
TRAINED_PER_SECOND = 400  # images per second that training consumes on two cores, see docs/measured.md


def report(results: Results) -> str:
    """Renders the tables and goals for all measured scales."""
    scales = [scale for scale in sorted(results) if scale != START]
    parts = [f"**{scale} %**\n\n{markdown(TAKEN, _taken(results[scale]))}" for scale in scales]
    if len(scales) > 1:
        parts.append(f"**Growth**\n\n{markdown(*_growth(results, scales))}")
    bars = markdown((f"at {scales[-1]} %", "bar", "found", ""), list(_bars(results, scales)))
    return "\n".join([*parts, f"**Bars**\n\n{bars}"])


def _taken(tasks: dict[Task, Measurement]) -> list[list[str]]:
    rows = []
    for task in Task:
        if task in tasks:
            one = tasks[task]
            times = [f"{one.seconds:,.1f}", f"{one.records / one.seconds:,.0f}", f"{one.cpu:,.1f}"]
            rows.append([task, f"{one.records:,}", *times, *(f"{megabytes:,.0f}" for megabytes in one[3:])])
    return rows


def _growth(results: Results, scales: list[int]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: seconds without start-up at each scale, and ratios of the largest to the scaled-up others."""
    *smaller, largest = scales
    header = ["seconds", "start-up", *(f"{scale} %" for scale in scales)]
    header += [f"{largest} % / {largest // scale} x {scale} %" for scale in smaller]
    header += [f"CPU: {largest} % / {largest // smaller[0]} x {smaller[0]} %"]
    rows = []
    for task in results[largest]:
        if task.starts_up:
            start = results[START][task].seconds
            net = [f"{results[scale][task].seconds - start:,.1f}" for scale in scales]
            ratios = [f"{growth(results, task, scale, largest):.2f}" for scale in smaller]
            processor = growth(results, task, smaller[0], largest, "cpu")
            rows.append([task, f"{start:.1f}", *net, *ratios, f"{processor:.2f}"])
    return header, rows


def growth(results: Results, task: Task, small: int, large: int, what: str = "seconds") -> float:
    """Ratio of the cost at scale `large` to the scaled-up cost at scale `small`, both without start-up.

    Args:
        results: the measurements.
        task: the task.
        small, large: scales in percent.
        what: field of `Measurement` that is the cost.
    """
    start, one, other = (getattr(results[scale][task], what) for scale in (START, small, large))
    return (other - start) / (one - start) * small / large


def _bars(results: Results, scales: list[int]) -> Iterator[list[str]]:
    tasks, smallest, largest = results[scales[-1]], scales[0], scales[-1]
    decode = tasks[Task.DECODE]
    for task, bar in ((Task.PLAIN, OF_PLAIN), (Task.PNGS, OF_PEERS), (Task.TFRECORD, OF_PEERS), (Task.SCANS, OF_PEERS)):
        times = _rate(decode) / _rate(tasks[task])
        yield _at_least(f"decode, speed of {task}", times, bar, ".2f")
    for task in (Task.DECODE, Task.SPLIT):
        if smallest != largest:
            yield _at_most(f"{task}, growth", growth(results, task, smallest, largest), GROWTH, ".2f")
        one = tasks[task]
        yield _at_most(f"{task}, peak memory of all processes, MB", one.together, PEAK_MB, ",.0f")
        yield _at_most(f"{task}, spare disk over what is left", (one.disk - one.left) / one.left, 1, ".2f")
    yield _at_most("first batch, s", tasks[Task.FIRST].seconds, FIRST_SECONDS, ".1f")
    yield _at_least("training epoch, images/s", _rate(tasks[Task.EPOCH]), TRAINED_PER_SECOND, ",.0f")
    for task in (Task.EPOCH, Task.TEST):
        yield _at_most(f"{task}, peak memory of all processes, MB", tasks[task].together, PEAK_MB, ",.0f")


def _rate(one: Measurement) -> float:
    return one.records / one.seconds


def _at_least(what: str, found: float, bar: float, form: str) -> list[str]:
    return [what, f"≥ {bar:{form}}", f"{found:{form}}", "" if found >= bar else "missed"]


def _at_most(what: str, found: float, bar: float, form: str) -> list[str]:
    return [what, f"≤ {bar:{form}}", f"{found:{form}}", "" if found <= bar else "missed"]
