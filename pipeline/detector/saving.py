"""Reads a trained detector back."""

from __future__ import annotations

from pathlib import Path

import keras

from pipeline.detector.model import Detector


def load_detector(path: Path | str) -> Detector:
    """The detector of a `.keras` file that `pipeline.learning.saving.save_model` wrote."""
    return keras.models.load_model(path, compile=False)
