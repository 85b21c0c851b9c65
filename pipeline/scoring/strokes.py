"""Scores the segmentation of ink with CROHME's metrics.

    counts = sum_counts(count(truth, segment(strokes, found, threshold)) for ...)
    counts.recall, counts.class_precision

A segment is the set of strokes assigned to one detection. It finds a symbol if it equals the set of the symbol's
strokes (Segments). It reads the symbol if the class is also correct (Seg+Class). Source: Mouchère et al., ICFHR 2014,
and the LgEval tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.edge.segments import Segment


class StrokeTruth(NamedTuple):
    """The true symbols of one image of ink.

    Attributes:
        symbols: for each symbol, the indices of its strokes. Symbols may share a stroke.
        labels: class of each symbol.
    """

    symbols: Sequence[frozenset[int]]
    labels: Sequence[int]


@dataclass(frozen=True)
class Counts:
    """Numbers of symbols and segments in one or more images."""

    symbols: int = 0
    segments: int = 0
    found: int = 0  # segments that equal the strokes of a symbol
    read: int = 0  # found segments with the correct class

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.symbols + other.symbols,
            self.segments + other.segments,
            self.found + other.found,
            self.read + other.read,
        )

    @property
    def recall(self) -> float:
        """Segments: share of the symbols that the segments find."""
        return _share(self.found, self.symbols)

    @property
    def precision(self) -> float:
        """Segments: share of the segments that find a symbol."""
        return _share(self.found, self.segments)

    @property
    def class_recall(self) -> float:
        """Seg+Class: share of the symbols that the segments find and classify correctly."""
        return _share(self.read, self.symbols)

    @property
    def class_precision(self) -> float:
        """Seg+Class: share of the segments that find a symbol and classify it correctly."""
        return _share(self.read, self.segments)

    @property
    def class_f1(self) -> float:
        """Harmonic mean of the recall and the precision of Seg+Class."""
        return _share(2 * self.read, self.symbols + self.segments)


def count(truth: StrokeTruth, segments: Sequence[Segment]) -> Counts:
    """Compares the segments of an image with its symbols.

    Segments must not share strokes; then no two of them find the same symbol.
    """
    symbols: dict[frozenset[int], set[int]] = {}
    for strokes, label in zip(truth.symbols, truth.labels, strict=True):
        symbols.setdefault(strokes, set()).add(int(label))
    found = sum(segment.strokes in symbols for segment in segments)
    read = sum(segment.label in symbols.get(segment.strokes, ()) for segment in segments)
    return Counts(len(truth.symbols), len(segments), found, read)


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """Adds the counts of several images."""
    return sum(counts, Counts())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
