"""Measures the accuracy and the cost of a TFLite detector on one part of the data set.

    reading = read_part(data, formula.read_part("data/math/splits", "test"), classes=101)
    summarise(reading, scores, threshold, len(data), graph)

The model runs once per image, with one thread per available core; the metrics do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.edge.detections import DEFAULT_THRESHOLD, Detections, read_detections
from pipeline.edge.graph import Graph
from pipeline.edge.litert import Latency, Runner
from pipeline.edge.segments import places, segment
from pipeline.errors import InkError
from pipeline.formats.formula import Formula, decode_canvas
from pipeline.processes import available_cores
from pipeline.scoring.coco import Scores, Truth, score_boxes
from pipeline.scoring.strokes import Counts, StrokeTruth, count, sum_counts

DIGITS = 5  # decimals of shares
THRESHOLDS = tuple(i / 20 for i in range(1, 20))  # candidate score thresholds; the validation part decides

Metrics = dict[str, float | int]


@dataclass(frozen=True)
class PartReading:
    """The formulas of a part and their detections, one entry per image.

    Attributes:
        classes: length of the class list.
        formulas: the formulas, without their images.
        detections: raw detections of the model in each formula.
    """

    classes: int
    formulas: list[Formula] = field(default_factory=list)
    detections: list[Detections] = field(default_factory=list)

    @cached_property
    def places(self) -> list[Detections]:
        """Detections as shown to a user: one per place, for each image."""
        return [places(found) for found in self.detections]

    @property
    def truths(self) -> list[Truth]:
        """True symbols of each image."""
        return [Truth(formula.boxes, formula.labels) for formula in self.formulas]

    def of_ink(self, ink: bool) -> tuple[list[Truth], list[Detections]]:
        """Truths and detections of the images with strokes (`ink`), or of those without."""
        chosen = [index for index, formula in enumerate(self.formulas) if bool(formula.strokes) == ink]
        truths = self.truths
        return [truths[index] for index in chosen], [self.detections[index] for index in chosen]


def read_part(data: bytes, part: Iterable[Formula], classes: int) -> PartReading:
    """Runs a detector on formulas.

    Args:
        data: the flatbuffer.
        part: formulas whose images have the model's input size.
        classes: length of the class list; labels must be below it.

    Raises:
        InkError: the model is not a detector, its outputs are invalid (the message names the formula), or the part is
            empty.
    """
    runner = Runner(data, threads=available_cores())
    reading = PartReading(classes)
    for formula in part:
        outputs = runner.outputs(decode_canvas(formula)[None])
        reading.detections.append(read_detections(outputs, classes, formula.key))
        reading.formulas.append(formula._replace(image=b""))
    if not reading.formulas:
        raise InkError("expected formulas to read, found none; see metrics/math/split.json, raise the part's share")
    return reading


def choose_threshold(reading: PartReading) -> float:
    """Chooses the score threshold with the highest F1 of Seg+Class; among equals the lowest.

    Use the validation part: a threshold chosen on the test part would overestimate the model.

    Returns:
        The threshold; `DEFAULT_THRESHOLD` if no formula has strokes.
    """
    best = max(THRESHOLDS, key=lambda threshold: _segments(reading, threshold).class_f1)
    return best if any(formula.strokes for formula in reading.formulas) else DEFAULT_THRESHOLD


def summarise(reading: PartReading, scores: Scores, threshold: float, size: int, graph: Graph) -> Metrics:
    """Returns the metrics of one variant as a flat dict, without times; shares are fractions.

    Stroke-level figures are present only if the part has ink; separate figures for ink and photos only if it has both.

    Args:
        reading: detections in the part.
        scores: box scores of the whole part.
        threshold: score threshold for the stroke-level figures, from the validation part.
        size: size of the model file in bytes.
        graph: graph of the model file.
    """
    ink = sum(bool(formula.strokes) for formula in reading.formulas)
    metrics: Metrics = {
        "ap50": scores.macro.ap50,
        "ap": scores.macro.ap,
        "ap75": scores.macro.ap75,
        "ar": scores.macro.ar,
        "ap50_weighted": scores.weighted.ap50,
        "ap_weighted": scores.weighted.ap,
        "ap75_weighted": scores.weighted.ap75,
        "ar_weighted": scores.weighted.ar,
    }
    if 0 < ink < len(reading.formulas):
        metrics["ap50_ink"] = score_boxes(*reading.of_ink(True)).macro.ap50
        metrics["ap50_photos"] = score_boxes(*reading.of_ink(False)).macro.ap50
    if ink:
        counts = _segments(reading, threshold)
        metrics |= {
            "segments_recall": counts.recall,
            "segments_precision": counts.precision,
            "seg_class_recall": counts.class_recall,
            "seg_class_precision": counts.class_precision,
            "threshold": threshold,
        }
    metrics = {name: round(value, DIGITS) for name, value in metrics.items()}
    return metrics | {
        "bytes": size,
        "params": graph.parameters,
        "macs": graph.macs,
        "test_images": len(reading.formulas),
        "test_ink": ink,
        "test_boxes": sum(scores.counts.values()),
        "classes": reading.classes,
        "classes_missing_test": reading.classes - len(scores.counts),
        "canvas_height": reading.formulas[0].height,
        "canvas_width": reading.formulas[0].width,
    }


def summarise_times(cost: Sequence[Latency]) -> dict[str, float | str]:
    """Returns the times of one variant as a flat dict, in milliseconds per image.

    They are separate from `summarise`, because a rerun reproduces its metrics but not the times.

    Args:
        cost: latencies, one per number of threads; at least one.
    """
    times: dict[str, float | str] = {"cpu": cost[0].cpu}
    for timing in cost:
        threads = "" if timing.threads == 1 else f"_{timing.threads}_threads"
        times |= {f"p50_ms{threads}": round(timing.p50_ms, 2), f"p95_ms{threads}": round(timing.p95_ms, 2)}
    return times


def _segments(reading: PartReading, threshold: float) -> Counts:
    return sum_counts(
        _count(formula, found, threshold)
        for formula, found in zip(reading.formulas, reading.places, strict=True)
        if formula.strokes
    )


def _count(formula: Formula, found: Detections, threshold: float) -> Counts:
    strokes = [stroke.reshape(-1, 2) for stroke in formula.strokes]
    truth = StrokeTruth([frozenset(members) for members in formula.symbol_strokes], formula.labels.tolist())
    return count(truth, segment(strokes, found, threshold))
