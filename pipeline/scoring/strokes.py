"""Segmentation of ink, scored as CROHME scores recognisers of ink.

    counts = sum_counts(count(truth, segment(strokes, found, threshold)) for ...)
    counts.recall, counts.class_precision

A segment is the set of strokes given to one detection. It finds a symbol if it is exactly the set of the symbol's
strokes (Segments), and reads it if the class is right too (Seg+Class): Mouchère et al., ICFHR 2014, and its LgEval
tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.edge.segments import Segment


class StrokeTruth(NamedTuple):
    """The true symbols of one image of ink.

    Attributes:
        symbols: for each symbol, the indices of its strokes. Two symbols may share one.
        labels: class of each symbol.
    """

    symbols: Sequence[frozenset[int]]
    labels: Sequence[int]


@dataclass(frozen=True)
class Counts:
    """Symbols and segments of one image, or of many."""

    symbols: int = 0
    segments: int = 0
    found: int = 0  # segments that are the strokes of a symbol
    read: int = 0  # those whose class is right too

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.symbols + other.symbols,
            self.segments + other.segments,
            self.found + other.found,
            self.read + other.read,
        )

    @property
    def recall(self) -> float:
        """Segments: share of the symbols that were found."""
        return _share(self.found, self.symbols)

    @property
    def precision(self) -> float:
        """Segments: share of the segments that are a symbol."""
        return _share(self.found, self.segments)

    @property
    def class_recall(self) -> float:
        """Seg+Class: share of the symbols that were found and read right."""
        return _share(self.read, self.symbols)

    @property
    def class_precision(self) -> float:
        """Seg+Class: share of the segments that are a symbol and read right."""
        return _share(self.read, self.segments)

    @property
    def class_f1(self) -> float:
        """Harmonic mean of the two figures of Seg+Class."""
        return _share(2 * self.read, self.symbols + self.segments)


def count(truth: StrokeTruth, segments: Sequence[Segment]) -> Counts:
    """Compares segments with the symbols of an image. Segments share no stroke, so each finds at most one symbol."""
    symbols: dict[frozenset[int], set[int]] = {}
    for strokes, label in zip(truth.symbols, truth.labels, strict=True):
        symbols.setdefault(strokes, set()).add(int(label))
    found = sum(segment.strokes in symbols for segment in segments)
    read = sum(segment.label in symbols.get(segment.strokes, ()) for segment in segments)
    return Counts(len(truth.symbols), len(segments), found, read)


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """Counts of many images."""
    return sum(counts, Counts())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
