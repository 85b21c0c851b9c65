"""Traces faces in several processes, and turns away glyphs that are not the character that they stand for.

A face may draw another form under a code point: a Japanese or a traditional one, or an empty box. A glyph is kept if
few characters (`Face.rank`) resemble it more than the medians of its own character do; see `likeness`. Characters
without medians (letters, digits, punctuation) have nothing to be compared with, and are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.processes import spread
from pipeline.synthesis.hands.medians import EM as MEDIANS_EM
from pipeline.synthesis.hands.medians import Strokes
from pipeline.synthesis.tracing.centre_lines import trace
from pipeline.synthesis.tracing.faces import EM, FACES, glyphs
from pipeline.synthesis.tracing.fitting import fit, lay_out
from pipeline.synthesis.tracing.likeness import features, ranks


@dataclass(frozen=True)
class Traced:
    """What a face gave.

    Attributes:
        name: of the face.
        strokes: by character, in the order asked for.
        lacking: number of characters that the face does not have.
        untraced: characters whose glyph traced to nothing.
        turned_away: characters whose glyph resembles too many others more.
    """

    name: str
    strokes: dict[str, Strokes]
    lacking: int
    untraced: tuple[str, ...]
    turned_away: tuple[str, ...]

    def accounts(self) -> dict[str, int]:
        """Returns how many characters the face gave, and how many not, by reason."""
        return {
            "kept": len(self.strokes),
            "turned_away": len(self.turned_away),
            "untraced": len(self.untraced),
            "lacking": self.lacking,
        }


def trace_faces(
    folders: Mapping[str, Path], medians: Mapping[str, Strokes], chars: Sequence[str], processes: int = 1
) -> Iterator[Traced]:
    """Traces the glyphs of `chars` in each face.

    Args:
        folders: unpacked package by name of the face, see `FACES`.
        medians: of all characters that have some, not only of those wanted: the rule compares with all.
        chars: the characters wanted.
        processes: number of processes; it changes no byte.

    Yields:
        The faces in order of completion.
    """
    tasks = [(name, folder, tuple(chars)) for name, folder in folders.items()]
    yield from spread(_trace_face, tasks, processes, _start, (dict(medians),))


_medians: dict[str, Strokes] = {}  # of this process; filled by `_start`
_known: dict[str, int] = {}  # row of each character in `_features`
_features = np.zeros((0, 0))


def _start(medians: Mapping[str, Strokes]) -> None:
    global _features
    cv2.setNumThreads(1)
    _medians.update(medians)
    _known.update((char, row) for row, char in enumerate(medians))
    _features = np.stack([features(strokes) for strokes in medians.values()]) if medians else _features


def _trace_face(task: tuple[str, Path, tuple[str, ...]]) -> Traced:
    name, folder, chars = task
    lines = {char: trace(glyph) for char, glyph in glyphs(folder, FACES[name], chars)}
    found = {char: strokes for char, strokes in lines.items() if strokes}
    turned_away = _turned_away(found, FACES[name].rank)
    strokes = {
        char: fit(found[char], _medians[char]) if char in _medians else lay_out(found[char], EM)
        for char in chars
        if char in found and char not in turned_away
    }
    return Traced(
        name,
        strokes,
        lacking=len(chars) - len(lines),
        untraced=tuple(char for char in chars if char in lines and not lines[char]),
        turned_away=tuple(char for char in chars if char in turned_away),
    )


def _turned_away(found: Mapping[str, list[np.ndarray]], most: int) -> set[str]:
    """The characters whose traced glyph resembles more than `most` other characters more than its own."""
    chars = [char for char in found if char in _known]
    if not chars:
        return set()
    # In units of the em square, like the medians.
    glyph = np.stack([features([line * (MEDIANS_EM / EM) for line in found[char]]) for char in chars])
    rank = np.concatenate(
        [
            ranks(glyph[at : at + 1000], np.array([_known[char] for char in chars[at : at + 1000]]), _features)
            for at in range(0, len(chars), 1000)  # 1,000 rows at once take 80 MB
        ]
    )
    return {char for char, value in zip(chars, rank, strict=True) if value > most}
