"""Runs one training as a stage does: writes learning curves for DVC, saves the network, then removes the state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
from dvclive import Live

from pipeline import files
from pipeline.learning.checkpoint import Checkpoint, Row, states_folder
from pipeline.learning.epochs import OnEpoch
from pipeline.learning.saving import save_model

SUMMARY = "metrics.json"  # in the folder of the curves: metrics of the last epoch and of the whole run, and the backend

Training = Callable[[OnEpoch, Path], tuple[keras.Model, Row, Checkpoint]]
"""Takes the callback for each epoch and the folder of states; returns the network, its final metrics and its state."""


def run_training(train: Training, curves: Path, path: Path) -> None:
    """Runs a training, writes its curves to `curves` and the network to `path`, then removes its state."""
    # The curves have a temporary name until they are complete: a kill may leave half a line.
    with files.atomic_directory(curves) as partial:
        with Live(str(partial), dvcyaml=None, report=None, save_dvc_exp=False) as live:

            def log(epoch: int, row: Row) -> None:
                for name, value in row.items():
                    live.log_metric(name, round(value, 5))
                live.next_step()

            model, final, state = train(log, states_folder())
            for name, value in final.items():
                live.log_metric(name, round(value, 5), plot=False)
        files.write_json(partial / SUMMARY, files.read_json(partial / SUMMARY) | {"backend": keras.backend.backend()})
    with files.atomic_file(path, durable=True) as unfinished:  # must be on disk before the state is removed
        save_model(model, unfinished)
    state.remove()
