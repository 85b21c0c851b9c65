"""Measures the accuracy and the cost of a TFLite classifier on one part of the data set."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.edge.graph import Graph
from pipeline.edge.litert import Latency, Runner
from pipeline.scoring import calibration, classification
from pipeline.scoring.readings import Readings

DIGITS = 5  # decimals of fractions: one sample of HWDB1.1's test part is 4.5e-6


def read_batches(
    data: bytes, reference: bytes, batches: Iterable[tuple[np.ndarray, np.ndarray]], batch_size: int
) -> Readings:
    """Runs a classifier and a reference model on batches, with one thread.

    Args:
        data: flatbuffer of the classifier.
        reference: flatbuffer of the reference model; runs only if it differs from `data`.
        batches: images [batch, height, width, 1] with values 0..255, and labels int [batch].
        batch_size: images per run of a model.
    """
    model = Runner(data, batch_size)
    other = None if reference == data else Runner(reference, batch_size)
    parts = []
    for images, labels in batches:
        scores = model(images)
        predicted, rank = classification.reduce_scores(scores, labels)
        by_reference = predicted if other is None else other(images).argmax(axis=1).astype(np.int32)
        parts.append((labels, predicted, rank, by_reference, scores.max(axis=1)))
    return Readings(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def summarise(readings: Readings, size: int, graph: Graph) -> dict[str, float | int]:
    """Returns the metrics of one variant as a flat dict, without times; shares are fractions.

    Args:
        readings: results on the test part.
        size: size of the model file in bytes.
        graph: graph of the model file.
    """
    predicted, rank, labels = readings.predicted, readings.rank, readings.labels
    return {
        "top1": round(classification.top_k(rank, 1), DIGITS),
        "top5": round(classification.top_k(rank, 5), DIGITS),
        "top10": round(classification.top_k(rank, 10), DIGITS),
        "macro": round(classification.macro_accuracy(predicted, labels), DIGITS),
        "ece": round(calibration.ece(readings.confidence, rank == 0), DIGITS),
        "agreement": round(classification.agreement(predicted, readings.reference), DIGITS),
        "bytes": size,
        "params": graph.parameters,
        "macs": graph.macs,
        "test_samples": len(labels),
        "classes": (graph.outputs[0].shape or (0,))[-1],
    }


def summarise_times(timing: Latency) -> dict[str, float | int | str]:
    """Returns the times of one variant as a flat dict, in milliseconds per image (batch 1).

    They are separate from `summarise`, because a rerun reproduces its metrics but not the times.
    """
    return {
        "p50_ms": round(timing.p50_ms, 3),
        "p95_ms": round(timing.p95_ms, 3),
        "threads": timing.threads,
        "cpu": timing.cpu,
    }
