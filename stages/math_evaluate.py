"""Stage `math-evaluate`: measures one detector's .tflite file on the test part, under LiteRT.

    python -m stages.math_evaluate float16

Writes metrics/math/<variant>.json (COCO's figures, CROHME's stroke figures, size, compute),
metrics/math/times/<variant>.json (latency) and data/math/readings/<variant>.parquet (detections). The validation part
sets the score threshold for segments. Takes about 10 milliseconds per formula, and a few seconds for COCO's figures.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from pipeline import files
from pipeline.edge import gate, litert, metadata
from pipeline.edge.model_file import read_model
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.errors import InkError
from pipeline.formats.formula import Formula, decode_canvas, part_classes, part_size, read_part
from pipeline.params import load_params
from pipeline.progress import progress
from pipeline.scoring import detector
from pipeline.scoring.coco import score_boxes
from pipeline.scoring.readings import write_found
from stages import run_stage
from stages.paths import MATH_METRICS, MATH_MODELS, MATH_READINGS, MATH_SPLITS, MATH_TIMES

THREADS = (1, 2)


def main(variant: Variant) -> None:
    runs = load_params().math.evaluate.latency_runs
    data = read_model(MATH_MODELS, variant, "math-quantize")
    graph, labels, expected = gate.check(data), metadata.read(data).labels, part_classes(MATH_SPLITS, "test")
    if labels != expected:
        raise InkError(
            f"{MATH_MODELS / variant}.tflite: expected a model of the {len(expected)} classes in {MATH_SPLITS}, found "
            f"one of {len(labels)} other classes; run `dvc repro math-train`"
        )
    images = np.stack([decode_canvas(formula) for formula in itertools.islice(read_part(MATH_SPLITS, "test"), runs)])
    cost = [litert.latency(data, runs, threads, images) for threads in THREADS]
    threshold = detector.choose_threshold(detector.read_part(data, _shown("validation", variant), len(labels)))
    reading = detector.read_part(data, _shown("test", variant), len(labels))
    scores = score_boxes(reading.truths, reading.detections)
    write_found(MATH_READINGS / f"{variant}.parquet", reading.detections)
    metrics = detector.summarise(reading, scores, threshold, len(data), graph)
    files.write_json(MATH_METRICS / f"{variant}.json", metrics)
    files.write_json(MATH_TIMES / f"{variant}.json", detector.summarise_times(cost))


def _shown(part: str, variant: str) -> Iterator[Formula]:
    """Yields the formulas of a part and shows progress."""
    formulas, total = read_part(MATH_SPLITS, part), part_size(MATH_SPLITS, part)
    return iter(progress(formulas, total=total, desc=f"{variant}, {part}", unit="formulas"))


if __name__ == "__main__":
    run_stage(main, VARIANTS)
