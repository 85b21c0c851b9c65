"""Trains the recogniser: data/splits -> models/hccr/model.keras and its learning curves.

    python -m stages.train

Shows progress, and goes on from the last finished epoch when it was killed.
"""

from dvclive import Live

from pipeline import files
from pipeline.formats.charset import read_class_list
from pipeline.hccr import checkpoint, training
from pipeline.hccr.saving import save_model
from pipeline.params import load_params
from stages import run_stage
from stages.paths import CLASSES, CURVES, KERAS_MODEL, SPLITS


def main() -> None:
    params = load_params()
    with Live(str(CURVES), dvcyaml=None, report=None, save_dvc_exp=False) as live:

        def log(epoch: int, row: checkpoint.Row) -> None:
            for name, value in row.items():
                live.log_metric(name, round(value, 5))
            live.next_step()

        model, final, state = training.train(params, SPLITS, list(read_class_list(CLASSES)), log, checkpoint.ROOT)
        for name, value in final.items():
            live.log_metric(name, round(value, 5), plot=False)
    with files.atomic_file(KERAS_MODEL) as partial:
        save_model(model, partial)
    state.remove()


if __name__ == "__main__":
    run_stage(main)
