"""What the project's models give for their one input, `image`: it tells what a model reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kind = Literal["characters", "formulas"]
OUTPUTS: Mapping[Kind, frozenset[str]] = {
    "characters": frozenset({"probabilities"}),
    "formulas": frozenset({"boxes", "scores", "classes", "count"}),
}
