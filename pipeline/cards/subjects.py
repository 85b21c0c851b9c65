"""The data sets that the pipeline writes: their names, purposes, and the meanings of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["characters", "formulas"]

VERSION = "1.0.0"  # of the layout of all data sets; raise it with the layout


class Subject(NamedTuple):
    """What a stage's output is."""

    kind: Kind
    name: str  # [a-z0-9_]+, for TensorFlow Datasets
    title: str
    folder: str  # where the pipeline writes it, for examples
    made: str  # how, as Markdown


_SAMPLES = (
    "Stage `{}` reads CASIA `.gnt` files and normalises every scan to a 56×56 grey picture, ink bright on black, with "
    "the aspect kept and the contrast stretched (`pipeline/ink/normalise.py`)."
)
_FORMULAS = (
    "Stage `{}` draws InkML and fits photographs to one canvas, ink bright on black (`pipeline/ink/canvas.py`, "
    "`pipeline/ink/develop.py`), with a box and a label for each symbol."
)
_QUARANTINE = " A line of `quarantine.jsonl` gives file, offset and reason of each record that cannot be used."
_SHARDS = " A hash of its key decides a sample's shard and place, so the same source and params give the same bytes."
_PARTS = " Stage `{}` splits the result into parts and shuffles each; its params give the shares and the rule."

DECODED = Subject(
    "characters",
    "ink2edge_characters_decoded",
    "ink2edge: handwritten characters, decoded",
    "data/decoded",
    _SAMPLES.format("decode") + _QUARANTINE + _SHARDS,
)
SPLITS = Subject(
    "characters",
    "ink2edge_characters",
    "ink2edge: handwritten characters",
    "data/splits",
    _SAMPLES.format("decode") + _PARTS.format("split") + _SHARDS,
)
MATH_DECODED = Subject(
    "formulas",
    "ink2edge_formulas_decoded",
    "ink2edge: symbols of formulas, decoded",
    "data/math/decoded",
    _FORMULAS.format("math-decode") + _QUARANTINE + _SHARDS,
)
MATH_SPLITS = Subject(
    "formulas",
    "ink2edge_formulas",
    "ink2edge: symbols of formulas",
    "data/math/splits",
    _FORMULAS.format("math-decode") + _PARTS.format("math-split") + _SHARDS,
)

LANGUAGES: Mapping[Kind, list[str]] = {"characters": ["zh"], "formulas": ["zxx"]}  # ISO 639; zxx: no linguistic content
TASKS: Mapping[Kind, list[str]] = {
    "characters": ["image-classification"],
    "formulas": ["object-detection", "image-to-text"],
}
FIELDS: Mapping[Kind, Mapping[str, str]] = {
    "characters": {
        "key": "writer (or file name) and position in the file; unique",
        "writer": "number of the writer; empty if the file names none",
        "char": "the character",
        "label": "index of the character in the class list, from 0",
        "width": "width of the raw scan in pixels",
        "height": "height of the raw scan in pixels",
        "image": "the normalised character, 56×56 8-bit grey PNG, ink bright on black",
    },
    "formulas": {
        "key": "path of the file in the source without its extension; unique",
        "writer": "the writer that the file names; empty if it names none",
        "source": "the folder of the key",
        "truth": "the LaTeX that the file states; empty if it states none",
        "height": "height of the picture in pixels",
        "width": "width of the picture in pixels",
        "image": "the canvas, 8-bit grey PNG, ink bright on black",
        "boxes": "per symbol: ymin, xmin, ymax, xmax in pixels of the picture",
        "labels": "per symbol: index in the class list, from 0",
        "symbols": "per symbol: its name",
        "strokes": "per trace of the pen: x0, y0, x1, y1, ... in pixels of the picture; empty for photographs",
        "symbol_strokes": "per symbol: indices of its traces; empty for photographs",
    },
}
