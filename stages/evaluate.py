"""Stage `evaluate`: one .tflite file on the test part, under LiteRT.

    python -m stages.evaluate dynamic

Writes metrics/<variant>.json (accuracy, agreement with float32, size, compute, latency on one thread), the most
frequent confusions as plots/confusions/<variant>.{json,png} and the worst classes as plots/worst/<variant>.json. Takes
about a millisecond a test sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline import files
from pipeline.edge import gate, litert
from pipeline.edge.variants import REFERENCE, variant_from_arguments
from pipeline.errors import InkError
from pipeline.formats.charset import read_class_list
from pipeline.hccr.dataset import Batch, Part, evaluation_batches, evaluation_steps
from pipeline.params import load_params
from pipeline.progress import progress
from pipeline.report import confusions
from pipeline.scoring import classification as scoring
from pipeline.scoring import classifier as evaluation
from stages import run_stage
from stages.paths import CLASSES, METRICS, MODELS, PLOTS, SPLITS

PAIRS = 10  # confusions shown
WORST = 20  # classes listed


def main() -> None:
    variant = variant_from_arguments(__doc__)
    params = load_params()
    class_list = read_class_list(CLASSES)
    data, reference = (exported(MODELS, name, "quantize") for name in (variant, REFERENCE))
    graph = gate.check(data)
    if graph.outputs[0].shape != (1, len(class_list)):
        raise InkError(
            f"{CLASSES}: expected one line for each of the model's outputs {graph.outputs[0].shape}, "
            f"found {len(class_list)} lines; run `dvc repro train`"
        )
    timing = litert.latency(data, params.evaluate.latency_runs)
    part, batch_size = Part(SPLITS, "test"), params.train.evaluation_batch_size
    steps = evaluation_steps(part, batch_size)
    batches = progress(evaluation_batches(part, batch_size), total=steps, desc=variant, unit="batches")
    readings = evaluation.read_batches(data, reference, batches, batch_size)
    files.write_json(METRICS / f"{variant}.json", evaluation.summarise(readings, len(data), graph, timing))
    _plot(readings, class_list, evaluation_batches(part, batch_size), variant)


def _plot(readings: evaluation.Readings, class_list: Sequence[str], batches: Iterator[Batch], variant: str) -> None:
    pairs = scoring.confusions(readings.predicted, readings.labels, PAIRS)
    files.write_json(PLOTS / "confusions" / f"{variant}.json", confusions.rows(pairs, class_list))
    examples = confusions.collect(pairs, readings.predicted, readings.labels, batches)
    with files.atomic_file(PLOTS / "confusions" / f"{variant}.png") as partial:
        confusions.draw(examples, class_list, partial)
    worst = [
        {"char": class_list[score.label], "recall": round(score.recall, evaluation.DIGITS), "samples": score.samples}
        for score in scoring.worst_classes(readings.predicted, readings.labels, WORST)
    ]
    files.write_json(PLOTS / "worst" / f"{variant}.json", worst)


def exported(folder: Path, variant: str, stage: str) -> bytes:
    """The file of a variant in `folder`, which `stage` writes."""
    path = folder / f"{variant}.tflite"
    if not path.exists():
        raise InkError(f"{path}: expected the exported model, found nothing; run `dvc repro {stage}@{variant}`")
    return path.read_bytes()


if __name__ == "__main__":
    run_stage(main)
