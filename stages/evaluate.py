"""Stage `evaluate`: measures one .tflite file on the test part, under LiteRT.

    python -m stages.evaluate dynamic

Writes metrics/<variant>.json (accuracy, agreement with float32, size, compute), metrics/times/<variant>.json (latency
on one thread) and data/readings/<variant>.parquet (the reading of each sample). Takes about a millisecond per sample.
"""

from __future__ import annotations

from pipeline import files
from pipeline.edge import gate, litert, metadata
from pipeline.edge.model_file import read_model
from pipeline.edge.variants import REFERENCE, VARIANTS, Variant
from pipeline.errors import InkError
from pipeline.formats.parts import SamplePart, evaluation_batches, evaluation_steps
from pipeline.params import load_params
from pipeline.progress import progress
from pipeline.scoring import classifier
from pipeline.scoring.readings import write_readings
from stages import run_stage
from stages.paths import METRICS, MODELS, READINGS, SPLITS, TIMES


def main(variant: Variant) -> None:
    params = load_params()
    data, reference = (read_model(MODELS, name, "quantize") for name in (variant, REFERENCE))
    graph, labels = gate.check(data), metadata.read(data).labels
    part, batch_size = SamplePart(SPLITS, "test"), params.train.evaluation_batch_size
    if labels != part.classes():
        raise InkError(
            f"{MODELS / variant}.tflite: expected a model of the {len(part.classes())} classes in {SPLITS}, found one "
            f"of {len(labels)} other classes; run `dvc repro train`"
        )
    timing = litert.latency(data, params.evaluate.latency_runs)
    steps = evaluation_steps(part, batch_size)
    batches = progress(evaluation_batches(part, batch_size), total=steps, desc=variant, unit="batches")
    readings = classifier.read_batches(data, reference, batches, batch_size)
    write_readings(READINGS / f"{variant}.parquet", readings)
    files.write_json(METRICS / f"{variant}.json", classifier.summarise(readings, len(data), graph))
    files.write_json(TIMES / f"{variant}.json", classifier.summarise_times(timing))


if __name__ == "__main__":
    run_stage(main, VARIANTS)
