"""Handwriting faces as further forms of symbols: digits, letters and the punctuation that faces have.

    hands = load_hands(Path("data/raw/math-faces"))
    writer_forms = hands.forms_of(rng)           # the forms that one writer knows
    writer_forms("x")

A face is traced to centre lines by `pipeline.synthesis.tracing`, which loses its baseline: a traced glyph takes the
height and the place of one of the label's own forms in `glyphs.txt`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.formats.symbols import canonical
from pipeline.synthesis.formulas.face_chars import SPELLED
from pipeline.synthesis.formulas.glyphs import Glyph, forms, from_strokes
from pipeline.synthesis.hands.medians import Strokes, load_medians

SHARE = 0.6  # of a label's writing that is left to the faces, if some have it
FAVOUR = 1.5  # spread of the logarithm of a writer's liking for a face
FLAT = 0.4  # a glyph whose height is below this share of its width is fitted by width


@dataclass(frozen=True)
class Hands:
    """The forms of each face, by label."""

    faces: tuple[Mapping[str, Glyph], ...]

    def forms_of(self, rng: np.random.Generator) -> Callable[[str], tuple[Glyph, ...]]:
        """Draws how much a writer likes each face; returns the weighted forms of a label that this writer knows."""
        if not self.faces:
            return forms
        liking = np.exp(FAVOUR * rng.standard_normal(len(self.faces)))
        known: dict[str, tuple[Glyph, ...]] = {}

        def writer_forms(label: str) -> tuple[Glyph, ...]:
            if label not in known:
                own = forms(label)
                drawn = [
                    (face[label], float(like)) for face, like in zip(self.faces, liking, strict=True) if label in face
                ]
                total = sum(like for _, like in drawn)
                room = sum(glyph.weight for glyph in own) * SHARE / (1 - SHARE)
                known[label] = (*own, *(replace(glyph, weight=like / total * room) for glyph, like in drawn))
            return known[label]

        return writer_forms


NO_HANDS = Hands(())


def load_hands(folder: Path) -> Hands:
    """Reads the faces in `folder`, in the order of their names; no faces if it has none.

    Raises:
        InkError: a file is unreadable.
    """
    faces = []
    for path in sorted(folder.glob("*/strokes.jsonl")):
        read = {canonical(SPELLED.get(char, char)): strokes for char, strokes in load_medians(path).items()}
        faces.append({label: _fitted(strokes, label) for label, strokes in read.items() if forms(label)})
    return Hands(tuple(faces))


def _fitted(strokes: Strokes, label: str) -> Glyph:
    """The traced glyph with the height and the place of the label's first form; a flat one with its width."""
    own = forms(label)[0]
    lines = [np.array(stroke if len(stroke) > 1 else stroke * 2, np.float64) * [1, -1] for stroke in strokes]
    points = np.concatenate(lines)
    low, (width, height) = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1.0)
    flat = height < FLAT * width
    scale = own.width / width if flat else (own.top - own.bottom) / height
    rise = (own.top + own.bottom - scale * height) / 2 if flat else own.bottom
    return from_strokes([(line - low) * scale + [0, rise] for line in lines])
