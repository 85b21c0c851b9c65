"""Stage `report`: shows the mistakes of one recogniser, from the files of `evaluate`.

    python -m stages.report dynamic

Writes the most frequent confusions as plots/confusions/<variant>.{json,png} and the worst classes as
plots/worst/<variant>.json. Runs no model; takes about a second.
"""

from __future__ import annotations

from pipeline import files
from pipeline.edge.variants import VARIANTS, Variant
from pipeline.formats.parts import SamplePart, evaluation_batches
from pipeline.report import confusions
from pipeline.scoring import classification
from pipeline.scoring.readings import read_readings
from stages import run_stage
from stages.paths import PLOTS, READINGS, SPLITS

PAIRS = 10  # confusions shown
WORST = 20  # classes listed
BATCH = 256  # samples read at once


def main(variant: Variant) -> None:
    part = SamplePart(SPLITS, "test")
    class_list = part.classes()
    readings = read_readings(READINGS / f"{variant}.parquet")
    pairs = classification.confusions(readings.predicted, readings.labels, PAIRS)
    files.write_json(PLOTS / "confusions" / f"{variant}.json", confusions.rows(pairs, class_list))
    batches = evaluation_batches(part, BATCH)
    examples = confusions.collect(pairs, readings.predicted, readings.labels, batches)
    with files.atomic_file(PLOTS / "confusions" / f"{variant}.png") as partial:
        confusions.draw(examples, class_list, partial)
    worst = classification.worst_classes(readings.predicted, readings.labels, WORST)
    files.write_json(PLOTS / "worst" / f"{variant}.json", confusions.worst_rows(worst, class_list))


if __name__ == "__main__":
    run_stage(main, VARIANTS)
