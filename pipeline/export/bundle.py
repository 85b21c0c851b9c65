"""Writes a bundle: a folder with everything that an app needs to use a model.

    write_bundle(Path("models/hccr/dynamic.tflite"), data, Path("bundles"))

The same project state always gives the same bytes.
"""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.edge import gate
from pipeline.edge.detections import DEFAULT_THRESHOLD
from pipeline.edge.graph import Graph, Signature
from pipeline.edge.metadata import CALIBRATION, LABELS, NORMALISATION, Description, Kind, read
from pipeline.edge.order import reading_order
from pipeline.edge.segments import places
from pipeline.errors import InkError
from pipeline.export.card import licences, model_card
from pipeline.export.folder import SUMS, replace_folder
from pipeline.export.lineage import read_lineage
from pipeline.export.snippets import kotlin, shape, swift
from pipeline.ink import canvas, develop, ground, normalise, page, sheet, skew
from pipeline.report.tables import markdown
from pipeline.structure import parsing
from pipeline.structure.writing import latex

PARAMS, LINEAGE, WEIGHTS, REAL_INK = "params.yaml", "lineage.json", "weights.npz", "real_ink.json"  # of a release
CARD, README, METRICS = "MODEL_CARD.md", "README.md", "metrics.json"

# Functions and modules whose docstrings explain how the input is made and how the outputs are used.
_INPUT: Mapping[Kind, tuple[Any, ...]] = {
    "characters": (normalise.normalise, normalise),
    "formulas": (page, skew, develop, sheet, ground, canvas, canvas.draw_ink),
}
_OUTPUT: Mapping[Kind, tuple[Any, ...]] = {"characters": (), "formulas": (places, reading_order, parsing, latex)}


def write_bundle(path: Path, data: bytes, folder: Path) -> Path:
    """Writes the bundle of a model and replaces an earlier one. The current folder must be the model's project.

    Args:
        path: path of the model.
        data: content of the file.
        folder: folder of all bundles.

    Returns:
        The folder of this bundle, in `folder`.

    Raises:
        InkError: a model without metadata, a model that cannot run on every device, a model or metrics that differ from
            dvc.lock, or a bundle folder with files that no export wrote.
    """
    name = f"{path.parent.name}-{path.stem}"
    bundle = folder / name
    replace_folder(bundle, bundle_files(name, f"{name}.tflite", path, data))
    return bundle


def bundle_files(
    name: str, model: str, path: Path, data: bytes, extra: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """The files of a bundle by name.

    Args:
        name: of the bundle.
        model: file name of the model in it.
        path, data: see `write_bundle`.
        extra: more files.

    Raises:
        InkError: see `write_bundle`.
    """
    extra = extra or {}
    try:
        graph, described = gate.check(data), read(data)
    except InkError as error:
        raise InkError(f"{path}: {error}") from error
    lineage = read_lineage(path, data)
    files = {model: data, **_zipped(data)}
    files[METRICS] = (json.dumps(dict(lineage.metrics), indent=2, ensure_ascii=False) + "\n").encode()
    real_ink = json.loads(extra[REAL_INK]) if REAL_INK in extra else []
    files[CARD] = model_card(model, data, graph, described, lineage, real_ink).encode()
    files |= {name: _read(licence) for name, licence in licences(lineage).items()}
    files |= extra
    files[README] = _readme(name, model, [*files, README, SUMS], graph, described).encode()
    return files


def _zipped(data: bytes) -> dict[str, bytes]:
    """The metadata files in the model, for an app whose runtime does not read them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in (LABELS, NORMALISATION, CALIBRATION) if name in archive.namelist()}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InkError(
            f"{path}: expected the licence text for the model, found none; run `dvc checkout` or `git checkout {path}`"
        ) from error


_FILES = {
    LABELS: "the class list, one label per line; line 0 is class 0. Also in the model file",
    CALIBRATION: "the temperature of the softmax, the least confidence of an answer, and how many times rarer than in "
    "training characters outside GB2312 level 1 are taken to be. Also in the model file",
    NORMALISATION: "the sizes for making the input. Also in the model file",
    METRICS: "metrics of this model file",
    PARAMS: "the params of all stages that made the model, in the form of the project's params.yaml",
    LINEAGE: "the MD5 of what each stage read and wrote",
    WEIGHTS: "the weights in 16 bits; `-S train.start=<this file>` starts a training of characters from them, "
    "`-S math.train.start=<this file>` one of formulas",
    REAL_INK: "figures on real ink, by the benchmark that the card names",
    CARD: "data, recipe, metrics, limits, licence",
    README: "this page",
    SUMS: "checksums of the other files, for `sha256sum --check`",
}


def _readme(name: str, model: str, files: list[str], graph: Graph, described: Description) -> str:
    assert graph.signature is not None  # a model with a description has one
    # Above this score, a box has only one label, so an app does not need `places`.
    calls = (_class_name(name), model, graph.signature, described.kind, DEFAULT_THRESHOLD)
    meanings = {model: "the model, as it was evaluated"} | _FILES
    sections = {
        "Files": markdown(("file", "what"), [[f"`{file}`", meanings.get(file, "terms")] for file in files], left=2),
        "Signature": f"`{graph.signature.key}`, with built-in operators of TensorFlow Lite only"
        + (graph.runtime and f": version {graph.runtime} or newer, or any LiteRT")
        + f".\n\n{_tensors(graph.signature, described)}",
        "Input": _input(described),
        "Output": _output(described.kind),
        "Android": f"```kotlin\n{kotlin(*calls)}\n```\n",
        "iOS": f"```swift\n{swift(*calls, graph.runtime)}\n```\n",
    }
    texts = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n".join([f"# {name}\n\n{described.purpose}\n", *texts])


def _tensors(signature: Signature, described: Description) -> str:
    rows = [
        [kind, f"`{name}`", tensor.dtype, shape(tensor), described.meanings[name]]
        for kind, tensors in (("in", signature.inputs), ("out", signature.outputs))
        for name, tensor in tensors.items()
    ]
    return markdown(("", "name", "dtype", "shape", "meaning"), rows, left=5)


def _input(described: Description) -> str:
    sizes = ", ".join(f"{name} {value:g}" for name, value in described.normalisation.items())
    steps = _docstrings(_INPUT[described.kind])
    return f"Sizes in pixels: {sizes}. An app must prepare its pictures in the steps of the training data:\n\n{steps}"


def _output(kind: Kind) -> str:
    steps = _docstrings(_OUTPUT[kind])
    return steps and f"Steps after the model, in an app and before CROHME's metrics:\n\n{steps}"


def _docstrings(parts: tuple[Any, ...]) -> str:
    """The docstrings of functions and modules, as Markdown."""
    return "\n".join(f"`{_place(code)}`\n\n```text\n{inspect.getdoc(code)}\n```\n" for code in parts)


def _place(code: Any) -> str:
    return code.__name__ if isinstance(code, ModuleType) else f"{code.__module__}.{code.__name__}"


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace("_", "-").split("-"))
