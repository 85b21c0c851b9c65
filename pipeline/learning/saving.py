"""Saves a trained network so that the same weights give the same bytes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras

METADATA = "metadata.json"


def save_model(model: keras.Model, path: Path) -> None:
    """Writes `model` as a `.keras` file without optimizer, loss and date. Not atomic.

    `keras.models.load_model(path)` reads it without custom objects.
    """
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    bare.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[METADATA] = json.dumps({**json.loads(members[METADATA]), "date_saved": ""}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # ZipInfo's default date is constant, 1980
