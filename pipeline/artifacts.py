"""The models of this project by name: the released ones in git, and those trained here, `artifacts` in dvc.yaml."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipeline.errors import InkError
from pipeline.files import read_plain

DVC_YAML = Path("dvc.yaml")
# Names of the recognisers that come with the project: of characters, and of the symbols of formulas.
RELEASED, RELEASED_MATH = "released", "released-math"
RELEASED_MODELS = {RELEASED: Path("released/hccr/dynamic.tflite"), RELEASED_MATH: Path("released/math/float16.tflite")}


def artifacts() -> dict[str, Path]:
    """Returns the path of each artifact by name; empty if the current folder has no dvc.yaml.

    Raises:
        InkError: dvc.yaml cannot be read.
    """
    if not DVC_YAML.exists():
        return {}
    try:
        found = yaml.safe_load(DVC_YAML.read_text(encoding="utf-8"))["artifacts"]
        return {name: Path(artifact["path"]) for name, artifact in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InkError(f"{DVC_YAML}: expected a path for each artifact, found none ({error}); correct it") from error


def read_model(name: str) -> tuple[Path, bytes]:
    """Returns the path and the bytes of a model; `name` is a file or, if no such file exists, a name.

    Args:
        name: path of a .tflite file, one of `RELEASED_MODELS`, or the name of an artifact.

    Raises:
        InkError: the model or dvc.yaml cannot be read.
    """
    path = Path(name)
    known = RELEASED_MODELS | artifacts() if not path.is_file() and DVC_YAML.exists() else {}
    path = known.get(name, path)
    try:
        return path, read_plain(path)
    except OSError as error:
        names = f" or one of the names {', '.join(known)}" if known else ""
        raise InkError(
            f"{path}: expected a .tflite model{names}, found {error.strerror}; name another, or run `dvc repro`"
        ) from error
