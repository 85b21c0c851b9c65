"""What the web app ships: the pipeline's .tflite files, and a list that tells their sizes, figures and classes.

    characters = Recogniser("Inception-GAP", class_list, variants, "dynamic", ("top1",), {})
    write(folder, {"characters": characters, "formulas": formulas})

The list is `models.json`. `app/src/catalogue.ts` has its types.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InkError
from pipeline.files import write_json

LIST = "models.json"
HASH_DIGITS = 10  # of the file's SHA-256, in its name: a page never mixes models of two builds


@dataclass(frozen=True)
class Variant:
    """A .tflite file and what a stage measured of it.

    Attributes:
        name: of the variant.
        data: the flatbuffer.
        metrics: flat, with `bytes` and `classes`.
    """

    name: str
    data: bytes
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Recogniser:
    """A model in its variants.

    Attributes:
        network: what it is, for people.
        classes: what its labels stand for.
        variants: in the order that they are shown in.
        preferred: name of the one that reads until another is chosen.
        figures: names of the metrics that the page shows or uses; no times, or each run would give another page.
        more: what else the page needs to know.
    """

    network: str
    classes: Sequence[str]
    variants: Sequence[Variant]
    preferred: str
    figures: Sequence[str]
    more: Mapping[str, Any]


def write(folder: Path, recognisers: Mapping[str, Recogniser]) -> None:
    """Writes the models and their list into `folder`.

    Raises:
        InkError: metrics or a class list of another model.
    """
    (folder / "models").mkdir(parents=True)
    write_json(folder / LIST, {name: _entry(folder, name, recogniser) for name, recogniser in recognisers.items()})


def _entry(folder: Path, name: str, recogniser: Recogniser) -> dict[str, Any]:
    variants = [_ship(folder, name, variant, recogniser) for variant in recogniser.variants]
    return {
        "network": recogniser.network,
        "preferred": recogniser.preferred,
        **recogniser.more,
        "variants": variants,
        "classes": list(recogniser.classes),
    }


def _ship(folder: Path, recogniser_name: str, variant: Variant, recogniser: Recogniser) -> dict[str, Any]:
    found = {"bytes": len(variant.data), "classes": len(recogniser.classes)}
    told = {key: variant.metrics.get(key) for key in found}
    if told != found:
        raise InkError(
            f"{recogniser_name}, {variant.name}: expected metrics and class list of this model, found {told} measured "
            f"and {found} at hand; run `dvc repro`"
        )
    digest = hashlib.sha256(variant.data).hexdigest()
    file = f"models/{recogniser_name}-{variant.name}-{digest[:HASH_DIGITS]}.tflite"
    (folder / file).write_bytes(variant.data)
    return {
        "name": variant.name,
        "file": file,
        "bytes": len(variant.data),
        "sha256": digest,
        "metrics": {key: variant.metrics[key] for key in recogniser.figures if key in variant.metrics},
    }
