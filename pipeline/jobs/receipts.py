"""What a job reports about its work: receipts that merge, in any order and grouping, into the receipt of the whole job.

    receipt = Receipt(Counter(records=3, written=2), {"chars": {"啊"}}, {}, [Defect((0, 0, 7), {"file": …})])
    total = merged(receipts)

A merged receipt is small: it keeps only the first `SHOWN_DEFECTS` defects. All defects travel separately.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import InkError

SHOWN_DEFECTS = 5  # largest number of defects in the message about too many


class Defect(NamedTuple):
    """A quarantined record. Defects sort by unit, piece and position."""

    order: tuple[int, int, int]  # number of the unit, of the piece in the unit, position in the piece
    line: dict  # `file`, `offset`, `reason` and further keys of the job


class TooManyBadError(InkError):
    """A job refuses its input; `report` is the file that gets all quarantined records."""

    def __init__(self, message: str, report: Path) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple:
        """Pickles both arguments."""
        return type(self), (str(self), self.report)


@dataclass
class Receipt:
    """The account of a piece of work, or of several."""

    counts: Counter[str] = field(default_factory=Counter)
    names: dict[str, set[str]] = field(default_factory=dict)  # sets of classes, writers, …
    tallies: dict[str, Counter[str]] = field(default_factory=dict)  # occurrences of names
    defects: list[Defect] = field(default_factory=list)  # of one piece: all; merged: the first

    def add(self, other: Receipt) -> None:
        """Merges another receipt into this one."""
        self.counts.update(other.counts)
        for name, found in other.names.items():
            self.names.setdefault(name, set()).update(found)
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Counter()).update(tally)
        self.defects = sorted([*self.defects, *other.defects], key=_order)[:SHOWN_DEFECTS]

    def to_json(self) -> dict:
        """The receipt as a JSON value; data are never unpickled."""
        names = {name: sorted(found) for name, found in self.names.items()}
        return {"counts": self.counts, "names": names, "tallies": self.tallies, "defects": self.defects}

    @classmethod
    def from_json(cls, value: dict) -> Receipt:
        """The receipt that `to_json` described."""
        names = {name: set(found) for name, found in value["names"].items()}
        tallies = {name: Counter(tally) for name, tally in value["tallies"].items()}
        defects = [Defect((order[0], order[1], order[2]), line) for order, line in value["defects"]]
        return cls(Counter(value["counts"]), names, tallies, defects)


def error_to_json(error: InkError | None) -> dict | None:
    """An error as a JSON value."""
    if error is None:
        return None
    return {"message": str(error), "report": str(error.report) if isinstance(error, TooManyBadError) else ""}


def error_from_json(value: dict | None) -> InkError | None:
    """The error that `error_to_json` described."""
    if value is None:
        return None
    message, report = value["message"], value["report"]
    return TooManyBadError(message, Path(report)) if report else InkError(message)


def merged(receipts: Iterable[Receipt]) -> Receipt:
    """One receipt for all; holds one of them at a time in memory."""
    total = Receipt()
    for receipt in receipts:
        total.add(receipt)
    return total


def numbered(lines: Iterable[dict], unit: int, piece: int) -> list[Defect]:
    """The defects of one piece of work, given their lines in order."""
    return [Defect((unit, piece, position), line) for position, line in zip(itertools.count(), lines)]


def _order(defect: Defect) -> tuple[int, int, int]:
    return defect.order
