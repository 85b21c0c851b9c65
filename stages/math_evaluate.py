"""Stage `math-evaluate`: one detector's .tflite file on the test part, under LiteRT.

    python -m stages.math_evaluate float16

Writes metrics/math/<variant>.json (COCO's figures, CROHME's figures of strokes, size, compute, latency),
plots/math/pr/<variant>.json (precision against recall), plots/math/classes/<variant>.json (each class) and
plots/math/sheets/<variant>.png (formulas with what was found). The score from which places make segments is chosen
on the validation part. Takes some 10 milliseconds a formula, and a few seconds for COCO's figures.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from pipeline import files
from pipeline.edge import gate, litert
from pipeline.edge.variants import variant_from_arguments
from pipeline.formats.charset import read_class_list
from pipeline.formats.formula import Formula
from pipeline.params import load_params
from pipeline.progress import progress
from pipeline.report import formula_sheet, precision
from pipeline.scoring import detector as detection
from pipeline.scoring.coco import Scores, score_boxes
from stages import run_stage
from stages.evaluate import exported
from stages.paths import MATH_CLASSES, MATH_METRICS, MATH_MODELS, MATH_PLOTS, MATH_SPLITS

THREADS = (1, 2)
SHOWN = 5  # formulas of ink on the sheet, and as many photos


def main() -> None:
    variant = variant_from_arguments(__doc__)
    runs = load_params().math.evaluate.latency_runs
    class_list = read_class_list(MATH_CLASSES, symbols=True)
    data = exported(MATH_MODELS, variant, "math-quantize")
    graph = gate.check(data)
    first = itertools.islice(detection.formulas(MATH_SPLITS, "test"), runs)
    images = np.stack([detection.canvas(formula) for formula in first])
    cost = [litert.latency(data, runs, threads, images) for threads in THREADS]
    classes = len(class_list)
    threshold = detection.choose_threshold(detection.read_part(data, _shown("validation", variant), classes))
    reading = detection.read_part(data, _shown("test", variant), classes)
    scores = score_boxes(reading.truths, reading.detections)
    metrics = detection.summarise(reading, scores, threshold, len(data), graph, cost)
    files.write_json(MATH_METRICS / f"{variant}.json", metrics)
    _plot(reading, scores, class_list, threshold, variant)


def _shown(part: str, variant: str) -> Iterator[Formula]:
    """The formulas of a part, with progress shown."""
    total = detection.formula_count(MATH_SPLITS, part)
    return iter(
        progress(detection.formulas(MATH_SPLITS, part), total=total, desc=f"{variant}, {part}", unit="formulas")
    )


def _plot(
    reading: detection.Reading, scores: Scores, class_list: tuple[str, ...], threshold: float, variant: str
) -> None:
    files.write_json(MATH_PLOTS / "pr" / f"{variant}.json", precision.curve_rows(scores))
    files.write_json(MATH_PLOTS / "classes" / f"{variant}.json", precision.class_rows(scores, class_list))
    of_kind = {True: 0, False: 0}
    examples = []
    for formula, truth, found in zip(
        detection.formulas(MATH_SPLITS, "test"), reading.truths, reading.places, strict=True
    ):
        ink = bool(formula.strokes)
        of_kind[ink] += 1
        if of_kind[ink] <= SHOWN:
            examples.append((not ink, formula_sheet.Example(detection.canvas(formula)[..., 0], truth, found)))
    ordered = [example for _, example in sorted(examples, key=lambda pair: pair[0])]
    with files.atomic_file(MATH_PLOTS / "sheets" / f"{variant}.png") as partial:
        formula_sheet.draw(ordered, class_list, partial, threshold)


if __name__ == "__main__":
    run_stage(main)
