"""Readings of a part and their metrics."""

import numpy as np

from pipeline.edge.graph import read_graph
from pipeline.edge.litert import Latency
from pipeline.scoring import classification as scoring
from pipeline.scoring import classifier as evaluation
from pipeline.scoring.readings import Readings

LATENCY = Latency(p50_ms=0.41849, p95_ms=0.5, runs=20, threads=1, cpu="Tiny CPU")


def batches(images, labels, size=16):
    for start in range(0, len(images), size):
        yield images[start : start + size, ..., None].astype(np.float32), labels[start : start + size]


def test_readings_are_those_of_the_whole_part(exported, images, expected):
    labels = expected.argsort(axis=1)[:, -2].astype(np.int32)  # the second candidate of Keras
    readings = evaluation.read_batches(exported["float32"], exported["float32"], batches(images, labels), 16)
    assert readings.predicted.tolist() == expected.argmax(axis=1).tolist()
    assert readings.rank.tolist() == [1] * len(images)
    assert readings.reference.tolist() == readings.predicted.tolist()
    assert readings.labels.tolist() == labels.tolist()


def test_agreement_is_with_the_reference(exported, images, expected):
    labels = expected.argmax(axis=1).astype(np.int32)
    readings = evaluation.read_batches(exported["int8"], exported["float32"], batches(images, labels), 16)
    assert readings.reference.tolist() == labels.tolist()
    assert scoring.agreement(readings.predicted, readings.reference) >= 0.96


def test_summary_is_flat_and_rounded(exported):
    third = np.array([0, 1, 2], np.int32)
    readings = Readings(
        labels=third,
        predicted=np.array([0, 1, 1]),
        rank=np.array([0, 0, 6]),
        reference=third,
        confidence=np.array([0.9, 0.9, 0.6]),
    )
    graph = read_graph(exported["dynamic"])
    assert evaluation.summarise(readings, 1234, graph) == {
        "top1": 0.66667,
        "top5": 0.66667,
        "top10": 1.0,
        "macro": 0.66667,
        "ece": 0.26667,  # two right at 0.9, one wrong at 0.6: (2 * 0.1 + 0.6) / 3
        "agreement": 0.66667,
        "bytes": 1234,
        "params": graph.parameters,
        "macs": graph.macs,
        "test_samples": 3,
        "classes": 40,
    }


def test_times_are_apart():
    assert evaluation.summarise_times(LATENCY) == {"p50_ms": 0.418, "p95_ms": 0.5, "threads": 1, "cpu": "Tiny CPU"}
