"""An error in a worker ends the job with its own message, in every step and process."""

import json
from dataclasses import dataclass

import pytest

from pipeline.errors import InkError
from pipeline.jobs import shuffle
from tests.jobs.execution import WORKERS, work_with

UNITS = [(name, 1) for name in ("a", "b", "c", "d")]


@dataclass(frozen=True)
class Refusing:
    """A job of four units and two shards that fails in one step."""

    scratch: shuffle.Scratch
    step: str

    shard_names = ("one", "two")

    def make(self, number, unit):
        self._refuse("make")
        self.scratch.leave_receipt(number, {"unit": unit})
        return {"units": 1}

    def settle(self):
        self._refuse("settle")
        return "settled"

    def publish(self, shard, settled):
        assert settled == "settled"
        self._refuse("publish")

    def _refuse(self, step):
        if step == self.step:
            raise InkError(f"{step}: expected nothing,\nfound this")


@pytest.mark.parametrize("step", ["make", "settle", "publish"])
def test_the_words_of_each_step(tmp_path, step, capfd):
    with pytest.raises(InkError, match=f"^{step}: expected nothing,\nfound this$"):
        shuffle.run(Refusing(shuffle.Scratch.below(tmp_path), step), UNITS, 0, "refusing")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("workers", WORKERS)
def test_the_words_of_other_workers(tmp_path, monkeypatch, workers):
    work_with(workers, monkeypatch)
    with pytest.raises(InkError, match=r"^make: expected nothing,\nfound this$"):
        shuffle.run(Refusing(shuffle.Scratch.below(tmp_path), "make"), UNITS, 0, "refusing")


def test_units_after_the_first_are_left_alone(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        Refusing, "_refuse", lambda self, step: made.append(step) or (_ for _ in ()).throw(InkError("no"))
    )
    with pytest.raises(InkError, match="no"):
        shuffle.run(Refusing(shuffle.Scratch.below(tmp_path), "make"), UNITS, 0, "refusing")
    assert made == ["make"]


def test_the_first_error_is_told_and_one_without_room_is_raised(tmp_path):
    scratch = shuffle.Scratch(tmp_path / "scratch")
    with pytest.raises(InkError, match=r"^there is no folder to write to$"):
        scratch.refuse(InkError("there is no folder to write to"))
    scratch.directory.mkdir()
    assert scratch.refusal() is None
    for words in ("first", "second"):
        scratch.refuse(InkError(words))
    assert str(scratch.refusal()) == "first"


def test_without_an_error_the_receipts_come_back(tmp_path):
    receipts = shuffle.run(Refusing(shuffle.Scratch.below(tmp_path), "no step"), UNITS, 0, "refusing")
    assert receipts == json.loads('[{"unit": "a"}, {"unit": "b"}, {"unit": "c"}, {"unit": "d"}]')
    assert list(tmp_path.iterdir()) == []
