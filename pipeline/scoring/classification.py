"""Metrics of a classifier over thousands of classes. NumPy only.

Each batch of scores is reduced to two integers per sample, the predicted label and the rank of the true label, so that
memory does not grow with the number of classes:

    predicted, rank = reduce_scores(scores, labels)
    top_k(rank, 5), macro_accuracy(predicted, labels)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassScore:
    """Result of one class: `recall` is the share of its `samples` that were classified correctly."""

    label: int
    recall: float
    samples: int


@dataclass(frozen=True)
class Confusion:
    """`count` samples of the class `truth` were classified as `predicted`."""

    truth: int
    predicted: int
    count: int


def reduce_scores(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the predicted label and the rank of the true label for each sample.

    Args:
        scores: float [n, classes], higher is better: probabilities or logits.
        labels: true labels, int [n].

    Returns:
        Predicted labels, int32 [n], and ranks, int32 [n]; rank 0 is a correct prediction. Among equal scores the lower
        label ranks first, as in a stable sort.
    """
    true_scores = np.take_along_axis(scores, labels[:, None], axis=1)  # [n, 1]
    tied_before = (scores == true_scores) & (np.arange(scores.shape[1]) < labels[:, None])
    rank = ((scores > true_scores) | tied_before).sum(axis=1)
    return scores.argmax(axis=1).astype(np.int32), rank.astype(np.int32)


def top_k(rank: np.ndarray, k: int) -> float:
    """Share of samples whose true label is among the `k` highest scores."""
    return float(np.mean(rank < k))


def agreement(predicted: np.ndarray, reference: np.ndarray) -> float:
    """Share of samples for which two models predict the same label, correct or not."""
    return float(np.mean(predicted == reference))


def class_scores(predicted: np.ndarray, labels: np.ndarray) -> list[ClassScore]:
    """One entry per class that has samples, in label order."""
    classes, index, samples = np.unique(labels, return_inverse=True, return_counts=True)
    right = np.bincount(index, weights=predicted == labels, minlength=len(classes))
    return [ClassScore(int(c), float(r / n), int(n)) for c, r, n in zip(classes, right, samples, strict=True)]


def macro_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Mean recall over the classes that have samples; all classes have the same weight."""
    return float(np.mean([score.recall for score in class_scores(predicted, labels)]))


def worst_classes(predicted: np.ndarray, labels: np.ndarray, limit: int) -> list[ClassScore]:
    """The `limit` classes with the lowest recall, worst first.

    Among equal recalls, the class with more samples comes first, then the lower label.
    """
    return sorted(class_scores(predicted, labels), key=lambda score: (score.recall, -score.samples, score.label))[
        :limit
    ]


def confusions(predicted: np.ndarray, labels: np.ndarray, limit: int) -> list[Confusion]:
    """The `limit` most frequent confusions, most frequent first; among equals the lower labels come first."""
    wrong = predicted != labels
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]]), axis=1, return_counts=True)
    found = [Confusion(int(t), int(p), int(count)) for t, p, count in zip(*pairs, counts, strict=True)]
    return sorted(found, key=lambda confusion: (-confusion.count, confusion.truth, confusion.predicted))[:limit]
