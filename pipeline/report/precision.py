"""Average precision as flat rows, for `dvc plots`."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.scoring.coco import Scores

DIGITS = 5

Row = dict[str, str | float | int]


def curve_rows(scores: Scores) -> list[Row]:
    """Precision at each of the 101 recalls and IoU .5: mean over the classes, and mean weighted by frequency."""
    columns = zip(scores.recall, scores.macro_precision, scores.weighted_precision, strict=True)
    return [
        {
            "recall": round(float(recall), 2),
            "macro": round(float(macro), DIGITS),
            "weighted": round(float(mean), DIGITS),
        }
        for recall, macro, mean in columns
    ]


def class_rows(scores: Scores, class_list: Sequence[str]) -> list[Row]:
    """One row per class in the part, lowest AP50 first."""
    ranked = sorted(scores.classes, key=lambda label: (scores.classes[label].ap50, label))
    return [
        {
            "symbol": class_list[label],
            "ap50": round(scores.classes[label].ap50, DIGITS),
            "ap": round(scores.classes[label].ap, DIGITS),
            "boxes": scores.counts[label],
        }
        for label in ranked
    ]
