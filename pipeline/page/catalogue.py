"""Collects the models for the web app: the pipeline's .tflite files, and a list of their metadata and metrics.

    variants = read_variants(Path("models/hccr"), Path("metrics"), ("float32", "dynamic"), "quantize")
    trained = Recogniser("trained", variants, "dynamic", ("top1",))
    write(folder, {"characters": [released, trained], "formulas": [formulas]})

The list is `models.json`; `app/src/catalogue.ts` declares its types. Labels, normalisation and the network's name come
from the metadata of the model files (see `pipeline.edge.metadata`). Per kind, the page reads with the first recogniser
until the user chooses another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.edge import metadata
from pipeline.edge.metadata import Description
from pipeline.edge.model_file import read_model
from pipeline.edge.signatures import Kind
from pipeline.errors import InkError
from pipeline.files import write_json

LIST = "models.json"
Origin = Literal["released", "trained"]
HASH_DIGITS = 10  # of the SHA-256 in the file's name, so that a page never mixes models of two builds


@dataclass(frozen=True)
class Variant:
    """A .tflite file and its metrics.

    Attributes:
        name: name of the variant.
        data: the flatbuffer with its metadata.
        metrics: a flat mapping, with `bytes` and `classes`.
    """

    name: str
    data: bytes
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Recogniser:
    """A model in one or more variants.

    Attributes:
        origin: `released` with the project, or `trained` here.
        variants: at least one, in the order in which the page lists them.
        preferred: name of the variant that the page uses until the user chooses another.
        figures: names of the metrics that the page needs; without times, which would make each build different.
    """

    origin: Origin
    variants: Sequence[Variant]
    preferred: str
    figures: Sequence[str]


def read_variants(models: Path, metrics: Path, names: Sequence[str], stage: str) -> list[Variant]:
    """Reads `<name>.tflite` from `models` and `<name>.json` from `metrics`, for each name.

    Raises:
        InkError: a file is missing; for a model, the message names `stage`, which writes it.
    """
    return [read_variant(models, metrics / f"{name}.json", name, stage) for name in names]


def read_variant(models: Path, metrics: Path, name: str, stage: str) -> Variant:
    """Reads `<name>.tflite` from the folder `models`, and its metrics from a file.

    Raises:
        InkError: see `read_variants`.
    """
    return Variant(name, read_model(models, name, stage), _read_metrics(metrics))


def describe(kind: Kind, recogniser: Recogniser) -> Description:
    """The metadata that all variants of a recogniser share.

    Raises:
        InkError: a model without metadata, a model of another kind, or variants with different metadata.
    """
    descriptions = {variant.name: _read(kind, variant) for variant in recogniser.variants}
    first, expected = next(iter(descriptions.items()))
    for name, found in descriptions.items():
        for field in ("labels", "normalisation", "network", "threshold"):
            if getattr(found, field) != getattr(expected, field):
                raise InkError(
                    f"{kind}: expected the same {field} in the metadata of all variants, found a difference between "
                    f"{first} and {name}; run `dvc repro`"
                )
    return expected


def write(folder: Path, recognisers: Mapping[Kind, Sequence[Recogniser]]) -> None:
    """Writes the models and their list into `folder`.

    Args:
        folder: gets `models.json` and a folder of models.
        recognisers: by kind, the one that reads first; different origins.

    Raises:
        InkError: see `describe`; or metrics that belong to another model.
    """
    (folder / "models").mkdir(parents=True)
    write_json(
        folder / LIST, {kind: [_entry(folder, kind, one) for one in found] for kind, found in recognisers.items()}
    )


def _read_metrics(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise InkError(f"{path}: expected the metrics of a model, found nothing; run `dvc repro app`")
    return json.loads(path.read_text(encoding="utf-8"))


def _entry(folder: Path, kind: Kind, recogniser: Recogniser) -> dict[str, Any]:
    described = describe(kind, recogniser)
    variants = [_ship(folder, kind, variant, recogniser, len(described.labels)) for variant in recogniser.variants]
    return {
        "origin": recogniser.origin,
        "network": described.network or described.name,
        "preferred": recogniser.preferred,
        "threshold": described.threshold,
        "normalisation": {name: _whole(value) for name, value in described.normalisation.items()},
        "variants": variants,
        "classes": list(described.labels),
    }


def _read(kind: Kind, variant: Variant) -> Description:
    try:
        found = metadata.read(variant.data)
    except InkError as error:
        raise InkError(f"{kind}, {variant.name}: {error}") from error
    if found.kind != kind:
        raise InkError(f"{kind}, {variant.name}: expected a model that reads {kind}, found one that reads {found.kind}")
    return found


def _whole(value: float) -> float:
    """The same number, as an int if it is whole: JSON then has 56 instead of 56.0."""
    return int(value) if value.is_integer() else value


def _ship(folder: Path, kind: Kind, variant: Variant, recogniser: Recogniser, classes: int) -> dict[str, Any]:
    found = {"bytes": len(variant.data), "classes": classes}
    measured = {key: variant.metrics.get(key) for key in found}
    if measured != found:
        raise InkError(
            f"{kind}, {variant.name}: expected metrics of this model ({found}), found those of another ({measured}); "
            "run `dvc repro`"
        )
    digest = hashlib.sha256(variant.data).hexdigest()
    file = f"models/{recogniser.origin}-{kind}-{variant.name}-{digest[:HASH_DIGITS]}.tflite"
    (folder / file).write_bytes(variant.data)
    return {
        "name": variant.name,
        "file": file,
        "bytes": len(variant.data),
        "sha256": digest,
        "metrics": {key: variant.metrics[key] for key in recogniser.figures if key in variant.metrics},
    }
