"""Writes a released recogniser: the bundle for app developers, and what another training needs to start from it.

    write_release("hccr", Path("models/hccr/dynamic.tflite"), data, Path("released"))

Besides the files of a bundle, `released/<name>` contains `weights.npz` (16 bits), `params.yaml` as the stages were run,
`lineage.json` (the MD5 of all inputs and outputs, by stage) and `real_ink.json`, the figures of
`benchmarks/real_ink.py` or, of formulas, `benchmarks/real_formulas.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.edge import metadata
from pipeline.errors import InkError
from pipeline.export.bundle import LINEAGE, PARAMS, REAL_INK, WEIGHTS, bundle_files
from pipeline.export.folder import replace_folder
from pipeline.export.lineage import Lineage, read_lineage, read_output_bytes

MOST_BYTES = 10_000_000


def write_release(name: str, path: Path, data: bytes, folder: Path, real_ink: Path | None = None) -> Path:
    """Writes the release of a model and replaces an earlier one. The current folder must be the model's project.

    Args:
        name: of the recogniser.
        path: path of the model.
        data: content of the file.
        folder: folder of all releases.
        real_ink: figures on real ink, see `benchmarks/real_ink.py` and `real_formulas.py`; the card shows them.

    Returns:
        The folder of this release, in `folder`.

    Raises:
        InkError: see `write_bundle`; the figures are of another model; or the release is too large for git.
    """
    lineage = read_lineage(path, data)
    extra = {
        PARAMS: yaml.safe_dump(_nested(lineage), allow_unicode=True, sort_keys=False).encode(),
        LINEAGE: (json.dumps(_hashes(lineage), indent=2, ensure_ascii=False) + "\n").encode(),
        WEIGHTS: _weights(lineage, metadata.read(data)),
    }
    if real_ink is not None:
        extra[REAL_INK] = _figures(real_ink, path.stem)
    files = bundle_files(name, f"{path.stem}.tflite", path, data, extra)
    total = sum(map(len, files.values()))
    if total > MOST_BYTES:
        raise InkError(f"{folder / name}: expected at most {MOST_BYTES:,} bytes, which git can keep, found {total:,}")
    replace_folder(folder / name, files)
    return folder / name


def _figures(path: Path, variant: str) -> bytes:
    try:
        content = path.read_bytes()
        variants = {row["variant"] for row in json.loads(content)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InkError(f"{path}: expected figures of a benchmark of real ink, found none ({error})") from error
    if variant not in variants:
        raise InkError(f"{path}: expected figures of {variant}, found {', '.join(sorted(variants))}; measure it")
    return content


def _nested(lineage: Lineage) -> dict[str, Any]:
    """The params of all stages in the form of params.yaml."""
    tree: dict[str, Any] = {}
    for stage in [*lineage.stages, lineage.evaluation]:
        for key, value in stage.params.items():
            *parents, last = key.split(".")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = value
    return tree


def _hashes(lineage: Lineage) -> dict[str, Mapping[str, Mapping[str, str]]]:
    return {
        stage.name: {"deps": dict(stage.deps), "outs": dict(stage.outs)}
        for stage in [*lineage.stages, lineage.evaluation]
    }


def _weights(lineage: Lineage, described: metadata.Description) -> bytes:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    from pipeline.learning.weights import pack

    trained = next(stage for stage in lineage.stages if any(name.endswith(".keras") for name in stage.outs))
    name = next(name for name in trained.outs if name.endswith(".keras"))
    read_output_bytes(trained, name)  # is it the one that was exported?
    if described.kind == "formulas":
        from pipeline.detector.model import load_detector

        model = load_detector(name)
    else:
        model = keras.models.load_model(name, compile=False)
    return pack(model, described.labels)
