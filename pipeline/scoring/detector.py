"""How well a TFLite detector finds the symbols of a part of the data set, and what it costs.

    reading = read_part(data, formula.read_part("data/math/splits", "test"), classes=101)
    summarise(reading, scores, threshold, len(data), graph)

One image costs one run of the model, on as many threads as there are processors: the numbers do not depend on them.
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

DIGITS = 5  # of the shares
THRESHOLDS = tuple(i / 20 for i in range(1, 20))  # of scores, among which the validation part chooses

Metrics = dict[str, float | int]


@dataclass(frozen=True)
class PartReading:
    """The formulas of a part and what was found in them, one entry per image.

    Attributes:
        classes: length of the class list.
        formulas: without their images.
        detections: of the model.
    """

    classes: int
    formulas: list[Formula] = field(default_factory=list)
    detections: list[Detections] = field(default_factory=list)

    @cached_property
    def places(self) -> list[Detections]:
        """What a user is shown of each image: one detection per place."""
        return [places(found) for found in self.detections]

    @property
    def truths(self) -> list[Truth]:
        """The true boxes of each image."""
        return [Truth(formula.boxes, formula.labels) for formula in self.formulas]

    def of_ink(self, ink: bool) -> tuple[list[Truth], list[Detections]]:
        """The images that have strokes, or those that have none."""
        chosen = [index for index, formula in enumerate(self.formulas) if bool(formula.strokes) == ink]
        truths = self.truths
        return [truths[index] for index in chosen], [self.detections[index] for index in chosen]


def read_part(data: bytes, part: Iterable[Formula], classes: int) -> PartReading:
    """Runs a detector over formulas.

    Args:
        data: the flatbuffer.
        part: formulas whose images have the size that the model takes.
        classes: length of the class list; a label beyond it is an error of the model.

    Raises:
        InkError: the file is no detector, or its outputs are no detections; names the formula.
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
    """The score from which places make the best segments (F1 of Seg+Class); the lowest of equals.

    Call it on the validation part: chosen on the test part, it would flatter the model.
    """
    best = max(THRESHOLDS, key=lambda threshold: _segments(reading, threshold).class_f1)
    return best if any(formula.strokes for formula in reading.formulas) else DEFAULT_THRESHOLD


def summarise(reading: PartReading, scores: Scores, threshold: float, size: int, graph: Graph) -> Metrics:
    """The metrics of one variant, flat: shares as fractions. They hold no times.

    Stroke-level figures are there only if the part has ink, those of ink and of photos only if it has both.

    Args:
        reading: of the part.
        scores: of the whole part.
        threshold: of the stroke-level figures, from the validation part.
        size: of the file in bytes.
        graph: of the file.
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
    """The times of one variant, flat, in milliseconds of one image; apart from what a rerun reproduces.

    Args:
        cost: latency with one thread, and with more.
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
