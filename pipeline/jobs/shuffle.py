"""The shape of both jobs: units of work are spilled, the result is settled, shards are written.

    Create(units)  -> make a unit (read, compute, spill, leave a receipt) -> barrier -> settle (all receipts)
                                                      Create(shards) -> publish a shard, given what was settled

Only unit and shard numbers cross the stages; samples go through files in a scratch folder that every worker sees. Hence
a job holds no more than one spill chunk and one shard a worker in memory, and runs unchanged on a cluster with a shared
file system. Both steps may run twice for the same number: they write to names of their own and rename.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import apache_beam as beam
from apache_beam.metrics import Metrics

from pipeline.formats.shards import renamed_when_done

UnitT = TypeVar("UnitT")
SettledT = TypeVar("SettledT")


@dataclass(frozen=True)
class Scratch:
    """The folder where a job's workers leave spills and receipts."""

    directory: str

    def spill(self, unit: int, chunk: int) -> Path:
        """Where chunk `chunk` of a unit spills to."""
        return Path(self.directory, f"unit-{unit:06d}-{chunk:04d}.arrow")

    def write_receipt(self, unit: int, receipt: dict) -> None:
        """Leaves the account of a finished unit."""
        with renamed_when_done(Path(self.directory, f"unit-{unit:06d}.json")) as partial:
            partial.write_text(json.dumps(receipt), encoding="utf-8")

    def receipts(self) -> Iterable[dict]:
        """The receipts of all finished units in the order of units."""
        for path in sorted(Path(self.directory).glob("unit-*.json")):
            yield json.loads(path.read_text(encoding="utf-8"))


class ShuffleThroughFiles(beam.PTransform, Generic[UnitT, SettledT]):
    """Runs `make(number, unit)` for every unit, then `settle()`, then `publish(shard, settled)` for every shard.

    Args:
        units: the work, the largest first: runners that deal units out in turn then spread it evenly.
        make: returns counts, which become Beam counters. Like the others it must pickle, as a dataclass's method does.
        settle: reads the receipts and returns what publishing needs, or None to publish nothing.
        shards: how many.
        publish: writes one shard.
    """

    def __init__(
        self,
        units: list[tuple[int, UnitT]],
        make: Callable[[int, UnitT], dict[str, int]],
        settle: Callable[[], SettledT | None],
        shards: int,
        publish: Callable[[int, SettledT], None],
    ) -> None:
        super().__init__()
        self.units, self.make, self.settle, self.shards, self.publish = units, make, settle, shards, publish

    def expand(self, input_or_inputs: Any) -> beam.PCollection[int]:
        """From a pipeline to the numbers of the published shards."""
        settle = self.settle
        settled = (
            input_or_inputs
            | "Units" >> beam.Create(self.units, reshuffle=False)
            | "SpreadUnits" >> beam.GroupByKey()
            | "MakeUnit" >> beam.ParDo(_Make(self.make))
            | "AllUnits" >> beam.combiners.Count.Globally()
            | "Settle" >> beam.Map(lambda _: settle())
        )
        return (
            input_or_inputs
            | "Shards" >> beam.Create([(index, None) for index in range(self.shards)], reshuffle=False)
            | "SpreadShards" >> beam.GroupByKey()
            | "PublishShard" >> beam.ParDo(_Publish(self.publish), settled=beam.pvalue.AsSingleton(settled))
        )


class _Make(beam.DoFn):
    def __init__(self, make: Callable[[int, Any], dict[str, int]]) -> None:
        self.make = make

    def process(self, element: tuple[int, Iterable[Any]]) -> Iterable[int]:
        number, (unit,) = element
        for name, count in self.make(number, unit).items():
            Metrics.counter("ink2edge", name).inc(count)
        yield number


class _Publish(beam.DoFn):
    def __init__(self, publish: Callable[[int, Any], None]) -> None:
        self.publish = publish

    def process(self, element: tuple[int, Any], settled: Any) -> Iterable[int]:
        if settled is not None:
            self.publish(element[0], settled)
            yield element[0]
