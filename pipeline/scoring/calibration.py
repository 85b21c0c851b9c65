"""Makes the confidence of a classifier mean something. NumPy only.

    logits += prior(classes, common, rarer=3)               # the others are rarer in use than in the training part
    temperature = fit_temperature(logits, labels)           # of the softmax: logits / temperature
    ece(confidence, right)                                  # how far confidence is from accuracy
    threshold = keep(confidence[right], 0.95)               # below it, the answer is "none that I know"
    auroc(known, strangers)                                 # how well confidence separates the two

A network trained by cross-entropy ranks its candidates well, but its softmax is too proud or too modest. One number,
the temperature, corrects that without a change of any answer (Guo et al. 2017, "On Calibration of Modern Neural
Networks").
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

BINS = 15  # of equal width, as in Guo et al.
COLDEST, HOTTEST = 0.05, 20.0  # range of the temperature
STEPS = 25  # of the golden-section search: the interval of the logarithm shrinks from 6 to 4e-5
GOLDEN = (math.sqrt(5) - 1) / 2


def prior(classes: Sequence[str], common: Collection[str], rarer: float) -> np.ndarray:
    """Returns what to add to the logits of each class: float64 [classes], 0 or -ln(`rarer`).

    A network learns how frequent its classes were in training. Where they are used in other proportions, Bayes' rule
    corrects the logits by the logarithm of the ratio (Saerens et al. 2002, "Adjusting the outputs of a classifier to
    new a priori probabilities").

    Args:
        classes: the class list.
        common: classes that are used as often as they were trained, relative to each other.
        rarer: how many times rarer the others are in use than in training, relative to the common ones.
    """
    common = frozenset(common)
    return np.array([0.0 if name in common else -math.log(rarer) for name in classes])


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns the temperature with the smallest mean negative log likelihood, or a higher one for few mistakes.

    If all of n samples are right, the likelihood asks for certainty. The mean confidence is therefore at most
    (right + 1) / (n + 2), Laplace's rule of succession.

    Args:
        logits: float [n, classes].
        labels: true labels, int [n].
    """
    logits = logits - logits.max(axis=1, keepdims=True)
    own = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]

    def loss(log_temperature: float) -> float:
        scale = math.exp(-log_temperature)
        return float(np.mean(np.log(np.exp(logits * scale).sum(axis=1)) - own * scale))

    # The loss is convex in 1 / temperature, so it has one minimum in its logarithm too.
    low, high = math.log(COLDEST), math.log(HOTTEST)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    left_loss, right_loss = loss(left), loss(right)
    for _ in range(STEPS):  # one new loss per step
        if left_loss < right_loss:
            high, right, right_loss = right, left, left_loss
            left = high - GOLDEN * (high - low)
            left_loss = loss(left)
        else:
            low, left, left_loss = left, right, right_loss
            right = low + GOLDEN * (high - low)
            right_loss = loss(right)
    fitted = math.exp((low + high) / 2)
    right = logits.argmax(axis=1) == labels
    most = (float(right.sum()) + 1) / (len(labels) + 2)
    if softmax_confidence(logits, fitted).mean() <= most:
        return fitted
    low, high = math.log(fitted), math.log(HOTTEST)
    for _ in range(STEPS):  # the mean confidence falls as the temperature rises
        middle = (low + high) / 2
        confident = softmax_confidence(logits, math.exp(middle)).mean() > most
        low, high = (middle, high) if confident else (low, middle)
    return math.exp((low + high) / 2)


def softmax_confidence(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Returns the probability of the first candidate: float64 [n], from logits [n, classes]."""
    scaled = (logits - logits.max(axis=1, keepdims=True)) / temperature
    return 1 / np.exp(scaled, dtype=np.float64).sum(axis=1)


def ece(confidence: np.ndarray, right: np.ndarray) -> float:
    """Returns the expected calibration error: mean distance of confidence and accuracy over `BINS` equal bins.

    Args:
        confidence: of the first candidate, 0..1, float [n].
        right: whether the first candidate is right, bool [n].
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gap = np.bincount(bins, confidence - right, BINS)
    return float(np.abs(gap).sum() / len(confidence))


def keep(confidence: np.ndarray, share: float) -> float:
    """Returns the largest threshold that at least a `share` of the confidences reach."""
    ordered = np.sort(confidence)[::-1]
    return float(ordered[max(math.ceil(share * len(ordered)) - 1, 0)])


def auroc(known: np.ndarray, strangers: np.ndarray) -> float:
    """Returns the chance that a known sample has a higher confidence than a stranger; ties count half.

    Args:
        known: confidences of samples of known classes, float [n].
        strangers: confidences of samples of other classes, float [m].
    """
    ordered = np.sort(strangers)
    below, upto = np.searchsorted(ordered, known, "left"), np.searchsorted(ordered, known, "right")
    return float((below + upto).mean() / 2 / len(ordered))


def roc(known: np.ndarray, strangers: np.ndarray, points: int = 100) -> list[dict[str, float]]:
    """Returns the share of known samples and of strangers that reach a threshold, for `points` thresholds."""
    thresholds = np.quantile(np.concatenate([known, strangers]), np.linspace(0, 1, points))
    return [
        {
            "threshold": round(float(at), 4),
            "strangers_taken": round(float(np.mean(strangers >= at)), 4),
            "known_kept": round(float(np.mean(known >= at)), 4),
        }
        for at in thresholds
    ]
