"""How well and at what cost a TFLite detector finds the symbols of a part of the data set.

    reading = read_part(data, formulas("data/math/splits", "test"), classes=101)
    summarise(reading, threshold, len(data), graph, timings)

One image costs one run of the model, on as many threads as there are processors: the numbers do not depend on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipeline.edge.graph import Graph
from pipeline.edge.litert import Latency, Runner
from pipeline.edge.metadata import OUTPUTS
from pipeline.errors import InkError
from pipeline.formats.formula import Formula, read_formulas
from pipeline.formats.png import decode_png
from pipeline.learning.batches import part_shards
from pipeline.processes import available_cores
from pipeline.scoring.coco import MAX_DETECTIONS, Detections, Scores, Truth, score_boxes
from pipeline.scoring.strokes import Counts, Ink, count, places, segment, sum_counts

DIGITS = 5  # of the shares
THRESHOLDS = tuple(i / 20 for i in range(1, 20))  # of scores, among which the validation part chooses
DEFAULT_THRESHOLD = 0.5  # where no ink can tell

Metrics = dict[str, float | int | str]


@dataclass(frozen=True)
class Reading:
    """What stands in the images of a part and what was found, one entry an image.

    Attributes:
        canvas: height and width of the images in pixels: the frame of all boxes.
        inks: None for a photo, which has no strokes.
    """

    classes: int
    canvas: tuple[int, int]
    truths: list[Truth] = field(default_factory=list)
    inks: list[Ink | None] = field(default_factory=list)
    detections: list[Detections] = field(default_factory=list)

    @cached_property
    def places(self) -> list[Detections]:
        """One detection a place, of each image: what a user is shown."""
        return [places(found) for found in self.detections]

    def of_ink(self, ink: bool) -> tuple[list[Truth], list[Detections]]:
        """The images that have strokes, or those that have none."""
        chosen = [index for index, strokes in enumerate(self.inks) if (strokes is not None) == ink]
        return [self.truths[index] for index in chosen], [self.detections[index] for index in chosen]


def formulas(directory: Path | str, part: str) -> Iterator[Formula]:
    """The formulas of a part of a split, in its order.

    Raises:
        InkError: there is no such part.
    """
    for shard in part_shards(directory, part, "math-split"):
        yield from read_formulas(shard)


def formula_count(directory: Path | str, part: str) -> int:
    """How many `formulas` yields."""
    return sum(pq.read_metadata(shard).num_rows for shard in part_shards(directory, part, "math-split"))


def canvas(formula: Formula) -> np.ndarray:
    """The picture that the detector sees, uint8 [height, width, 1]."""
    return decode_png(formula.image)[..., None]


def read_part(data: bytes, part: Iterable[Formula], classes: int) -> Reading:
    """Runs a detector over formulas.

    Args:
        data: the flatbuffer.
        part: formulas, all with images of the size that the model takes.
        classes: how many there are; labels beyond are an error of the model.

    Raises:
        InkError: the file is no detector, or gives something else than detections; names the formula.
    """
    runner = Runner(data, threads=available_cores())
    reading = None
    for formula in part:
        reading = reading or Reading(classes, (formula.height, formula.width))
        found = detections(runner.outputs(canvas(formula)[None]), classes, formula.key)
        reading.truths.append(Truth(formula.boxes, formula.labels))
        reading.inks.append(_ink(formula))
        reading.detections.append(found)
    if reading is None:
        raise InkError("expected formulas to read, found none; see metrics/math/split.json, raise the part's share")
    return reading


def detections(outputs: Mapping[str, np.ndarray], classes: int, image: str) -> Detections:
    """The rows that count of a detector's outputs for one image.

    Args:
        outputs: as `Runner.outputs` gives them.
        classes: how many there are.
        image: its name, for messages.

    Raises:
        InkError: these are not the outputs of a detector, or not of one with these classes.
    """
    expected = OUTPUTS["formulas"]
    if set(outputs) != expected:
        names = ", ".join(sorted(outputs))
        raise InkError(f"expected a detector with the outputs {', '.join(sorted(expected))}, found {names}")
    found = int(outputs["count"][0])
    if not 0 <= found <= min(MAX_DETECTIONS, outputs["scores"].shape[1]):
        raise InkError(f"{image}: the model counts {found} detections, at most {MAX_DETECTIONS} were expected")
    boxes, labels, scores = (outputs[name][0, :found] for name in ("boxes", "classes", "scores"))
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise InkError(f"{image}: the model gives a box or a score that is no finite number; train it again")
    if found and not 0 <= labels.min() <= labels.max() < classes:
        raise InkError(
            f"{image}: the model names class {labels.max()}, the class list has {classes}; run `dvc repro math-train`"
        )
    return Detections(boxes, labels, scores)


def choose_threshold(reading: Reading) -> float:
    """The score from which places make the best segments (F1 of Seg+Class); the lowest of equals.

    Call it on the validation part: chosen on the test part it would flatter.
    """
    best = max(THRESHOLDS, key=lambda threshold: _segments(reading, threshold).class_f1)
    return best if any(reading.inks) else DEFAULT_THRESHOLD


def summarise(
    reading: Reading, scores: Scores, threshold: float, size: int, graph: Graph, cost: Sequence[Latency]
) -> Metrics:
    """The metrics of one variant, flat: shares as fractions, milliseconds of one image.

    Stroke-level figures are there only if the part has ink, those of ink and of photos only if it has both.

    Args:
        reading: of the part.
        scores: of the whole part.
        threshold: of the stroke-level figures, from the validation part.
        size: of the file in bytes.
        graph: of the file.
        cost: latency with one thread, and with more.
    """
    ink = sum(strokes is not None for strokes in reading.inks)
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
    if 0 < ink < len(reading.inks):
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
    metrics = {name: round(value, DIGITS) for name, value in metrics.items() if not isinstance(value, str)}
    metrics |= {"bytes": size, "params": graph.parameters, "macs": graph.macs}
    for timing in cost:
        threads = "" if timing.threads == 1 else f"_{timing.threads}_threads"
        metrics |= {f"p50_ms{threads}": round(timing.p50_ms, 2), f"p95_ms{threads}": round(timing.p95_ms, 2)}
    return metrics | {
        "cpu": cost[0].cpu,
        "test_images": len(reading.inks),
        "test_ink": ink,
        "test_boxes": sum(scores.counts.values()),
        "classes": reading.classes,
        "classes_missing_test": reading.classes - len(scores.counts),
        "canvas_height": reading.canvas[0],
        "canvas_width": reading.canvas[1],
    }


def _segments(reading: Reading, threshold: float) -> Counts:
    pairs = zip(reading.inks, reading.places, strict=True)
    return sum_counts(count(ink, segment(ink, found, threshold)) for ink, found in pairs if ink is not None)


def _ink(formula: Formula) -> Ink | None:
    if not formula.strokes:
        return None
    strokes = [stroke.reshape(-1, 2) for stroke in formula.strokes]
    return Ink(strokes, [frozenset(members) for members in formula.symbol_strokes], formula.labels.tolist())
