"""Stage `train`: data/splits -> models/hccr/model.keras and its learning curves.

    python -m stages.train

Shows progress, and goes on from the last finished epoch when it was killed.
"""

from collections.abc import Callable
from pathlib import Path

import keras
from dvclive import Live

from pipeline import files
from pipeline.formats.charset import read_class_list
from pipeline.hccr import training
from pipeline.learning.checkpoint import ROOT, Checkpoint, Row
from pipeline.learning.epochs import OnEpoch
from pipeline.learning.saving import save_model
from pipeline.params import load_params
from stages import run_stage
from stages.paths import CLASSES, CURVES, KERAS_MODEL, SPLITS

Training = Callable[[OnEpoch, Path], tuple[keras.Model, Row, Checkpoint]]


def main() -> None:
    params = load_params()
    classes = list(read_class_list(CLASSES))
    log_and_save(lambda *to: training.train(params, SPLITS, classes, *to), CURVES, KERAS_MODEL)


def log_and_save(train: Training, curves: Path, path: Path) -> None:
    """Runs a training, with its curves in `curves`, and forgets its state once the model is at `path`."""
    # Beside their place until they are complete: a kill leaves half a line.
    with (
        files.atomic_directory(curves) as partial,
        Live(str(partial), dvcyaml=None, report=None, save_dvc_exp=False) as live,
    ):

        def log(epoch: int, row: Row) -> None:
            for name, value in row.items():
                live.log_metric(name, round(value, 5))
            live.next_step()

        model, final, state = train(log, ROOT)
        for name, value in final.items():
            live.log_metric(name, round(value, 5), plot=False)
    with files.atomic_file(path) as unfinished:
        save_model(model, unfinished)
    state.remove()


if __name__ == "__main__":
    run_stage(main)
