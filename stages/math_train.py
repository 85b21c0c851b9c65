"""Stage `math-train`: trains the detector on data/math/splits.

    python -m stages.math_train

Writes models/math/model.keras and the learning curves in metrics/math/train. Shows progress. After a kill, a rerun
resumes after the last finished epoch.
"""

from pipeline.detector import training
from pipeline.formats.charset import read_class_list
from pipeline.learning.run import run_training
from pipeline.params import load_params
from stages import run_stage
from stages.paths import MATH_CLASSES, MATH_CURVES, MATH_KERAS_MODEL, MATH_SPLITS


def main() -> None:
    params = load_params().math
    classes = list(read_class_list(MATH_CLASSES, symbols=True))
    run_training(lambda *to: training.train(params, MATH_SPLITS, classes, *to), MATH_CURVES, MATH_KERAS_MODEL)


if __name__ == "__main__":
    run_stage(main)
