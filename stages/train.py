"""Stage `train`: trains the recogniser on data/splits.

    python -m stages.train

Writes models/hccr/model.keras and the learning curves in metrics/train. Shows progress. After a kill, a rerun resumes
after the last finished epoch.
"""

from pipeline.formats.charset import read_class_list
from pipeline.hccr import training
from pipeline.learning.run import run_training
from pipeline.params import load_params
from stages import run_stage
from stages.paths import CLASSES, CURVES, KERAS_MODEL, SPLITS


def main() -> None:
    params = load_params()
    classes = list(read_class_list(CLASSES))
    run_training(lambda *to: training.train(params, SPLITS, classes, *to), CURVES, KERAS_MODEL)


if __name__ == "__main__":
    run_stage(main)
