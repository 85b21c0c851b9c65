"""Output names of the project's models, which all have one input, `image`. They identify the kind of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kind = Literal["characters", "formulas"]
OUTPUTS: Mapping[Kind, frozenset[str]] = {
    "characters": frozenset({"probabilities"}),
    "formulas": frozenset({"boxes", "scores", "classes", "count"}),
}
