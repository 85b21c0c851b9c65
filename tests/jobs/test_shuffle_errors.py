"""An error in a worker ends the job with its own message, in every step, process and shuffle."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InkError
from pipeline.jobs import shuffle
from pipeline.jobs.job import Chunk, Found
from pipeline.jobs.receipts import Receipt
from pipeline.jobs.through_files import Scratch
from tests.jobs.execution import WORKERS, work_with

STEPS = ("find", "split", "make", "settle", "layout")


@dataclass(frozen=True)
class Refusing:
    """A job of four units and two shards that fails in one step."""

    step: str

    shard_names = ("one", "two")
    formats = ("parquet",)
    size_per_second = 1e9

    def moved(self, move):
        return self

    def find(self, room):
        self._refuse("find")
        return Found([(name, 1) for name in "abcd"], [])

    def split(self, unit, room):
        self._refuse("split")
        return [unit]

    def make(self, unit, number, piece):
        self._refuse("make")
        table = pa.table({"key": [unit], "hash": pa.array([number], pa.uint64())})
        yield Chunk(table, np.array([number % 2]))
        yield Receipt(Counter(units=1), {"units": {unit}})

    def settle(self, receipt):
        self._refuse("settle")
        return "settled"

    def layout(self, table, settled):
        assert settled == "settled"
        self._refuse("layout")
        return table

    def encode(self, batch):
        return []

    def _refuse(self, step):
        if step == self.step:
            raise InkError(f"{step}: expected nothing,\nfound this")


@pytest.mark.parametrize("step", STEPS)
def test_the_words_of_each_step(tmp_path, step, capfd):
    with pytest.raises(InkError, match=f"^{step}: expected nothing,\nfound this$"):
        shuffle.run(Refusing(step), tmp_path, "refusing")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("workers", WORKERS)
def test_the_words_of_other_workers(tmp_path, monkeypatch, workers, step):
    work_with(workers, monkeypatch)
    with pytest.raises(InkError, match=f"^{step}: expected nothing,\nfound this$"):
        shuffle.run(Refusing(step), tmp_path, "refusing")


def test_units_after_the_first_are_left_alone(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        Refusing,
        "_refuse",
        lambda self, step: step == "make" and (made.append(step) or (_ for _ in ()).throw(InkError("no"))),
    )
    with pytest.raises(InkError, match="no"):
        shuffle.run(Refusing("make"), tmp_path, "refusing")
    assert made == ["make"]


def test_the_first_error_is_told_and_one_without_room_is_raised(tmp_path):
    scratch = Scratch(tmp_path / "scratch")
    with pytest.raises(InkError, match=r"^there is no folder to write to$"):
        scratch.refuse(InkError("there is no folder to write to"))
    scratch.directory.mkdir()
    assert scratch.refusal() is None
    for words in ("first", "second"):
        scratch.refuse(InkError(words))
    assert str(scratch.refusal()) == "first"


@pytest.mark.parametrize("workers", WORKERS)
def test_without_an_error_the_account_comes_back(tmp_path, monkeypatch, workers):
    work_with(workers, monkeypatch)
    outcome = shuffle.run(Refusing("no step"), tmp_path, "refusing")
    assert outcome.receipt == Receipt(Counter(units=4), {"units": set("abcd")})
    assert outcome.verdict.settled == "settled"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parquet"]
