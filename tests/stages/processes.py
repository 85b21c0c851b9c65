"""Stages as DVC runs them: processes in a folder, which may be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
FIRST_EPOCH = 400  # seconds that it may take at most


def command(stage: str) -> list[str]:
    """The command line of `stages/{stage}.py`."""
    return [sys.executable, "-m", f"stages.{stage}"]


def run_stage(stage: str, folder: Path) -> subprocess.CompletedProcess:
    """Runs a stage in `folder` until it ends or fails."""
    return subprocess.run(command(stage), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def kill_after_the_first_epoch(stage: str, folder: Path) -> None:
    """Starts a training in `folder` and kills it once it has saved its state."""
    with subprocess.Popen(command(stage), cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + FIRST_EPOCH
        while not list(folder.glob(".checkpoints/*/state.npz")):
            assert process.poll() is None, "the stage ended before its first checkpoint"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
